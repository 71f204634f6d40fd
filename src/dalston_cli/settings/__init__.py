"""Settings and places: what the user configured, from where, and which folders Dalston uses."""
