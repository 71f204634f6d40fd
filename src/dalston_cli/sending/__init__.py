"""Recordings that another machine's ``dalston serve`` transcribes, for the command line."""
