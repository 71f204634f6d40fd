"""The transcripts of a folder: found and read, one after the other."""
