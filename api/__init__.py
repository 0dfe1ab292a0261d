"""The documented HTTP surface: it writes rows and reads rows. Who makes films finds them there; Prefect is unknown."""
