"""Pictures: a clip becomes a part."""
