"""Corrections of transcripts by people: the file that keeps them, and the server of the page."""
