"""The `longvideo` command."""
