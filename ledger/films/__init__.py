"""Films and their segments: orders, stages, claims, settlement, queries, retention."""
