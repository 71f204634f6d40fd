"""What a recording goes through, decided before anything runs."""
