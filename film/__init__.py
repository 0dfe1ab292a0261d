"""The vocabulary and the rules of a film: pure values, no I/O, nothing of ours imported."""
