"""The composition root: settings, the open database, store and vendors of one process, and what keeps its leases."""
