"""The HTTP API as a process, and the webhook sender."""
