"""Drawn and written words: cards, fonts, subtitles, languages."""
