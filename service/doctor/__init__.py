"""`longvideo doctor`: dependencies, keys, limits."""
