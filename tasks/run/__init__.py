"""One run of one film: lease, stop signal, deadline, settlement."""
