"""Claude as writer and judge."""
