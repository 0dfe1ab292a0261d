"""vibegen's video."""
