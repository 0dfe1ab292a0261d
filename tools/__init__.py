"""Programs that write pieces of the documents; not installed."""
