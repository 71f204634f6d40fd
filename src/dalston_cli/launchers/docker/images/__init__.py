"""Images of engines: found by what they were made from, else pulled or built."""
