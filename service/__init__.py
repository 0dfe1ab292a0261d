"""What runs as a process: the `longvideo` command and the services behind it. Any room may be used from here."""
