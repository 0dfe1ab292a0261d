"""The audit: invariants as SELECTs, checked at each film's end and by `longvideo audit`."""
