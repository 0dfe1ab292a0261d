"""The Prefect edge of tasks: stages as task runs, artifacts, approval, the client."""
