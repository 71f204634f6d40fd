"""Where transcripts go, and writing them without harm to anybody else's files."""
