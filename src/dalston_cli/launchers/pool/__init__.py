"""Ready engines for a run: found or started, refilled when lost, asked again when they fail."""
