"""Foreign files: probed, validated, opened safely."""
