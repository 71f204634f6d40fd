"""The plan of each recording, decided before anything runs."""
