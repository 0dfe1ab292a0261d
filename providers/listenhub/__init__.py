"""ListenHub's video, voice, images and account."""
