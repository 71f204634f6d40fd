"""Scores transcripts against references: words, speakers, and times."""
