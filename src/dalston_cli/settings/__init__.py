"""Settings, each value with its source, and the folders that Dalston uses."""
