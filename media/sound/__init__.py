"""Sound: voices fitted, stems, the mix, loudness."""
