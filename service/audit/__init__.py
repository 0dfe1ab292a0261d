"""`longvideo audit`: rows, stored files, the vendors' own records."""
