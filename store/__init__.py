"""Objects: clips and finished films, on a disk or in a cloud bucket, behind one small interface."""
