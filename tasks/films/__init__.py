"""Films as flow runs begin and end them: ordering, retrying, results, housekeeping."""
