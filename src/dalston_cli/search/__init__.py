"""Finding what was said: an index of the transcripts in a folder, and queries to it."""
