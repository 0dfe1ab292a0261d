"""SenseAudio's video."""
