"""Output formats: one file each, and the registry."""
