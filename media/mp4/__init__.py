"""MP4 and H.264 by their bytes."""
