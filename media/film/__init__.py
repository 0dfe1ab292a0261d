"""The film's file: joined, muxed, verified."""
