"""The documented HTTP surface: rows only, no Prefect. Not written yet."""
