"""Recordings that consist of a file for each speaker."""
