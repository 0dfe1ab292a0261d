"""What a worker process runs: dispatcher, Prefect worker, cleaning of stale runs."""
