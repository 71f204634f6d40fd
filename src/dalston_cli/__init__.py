"""Dalston: folders of recordings in, finished transcripts out."""

__version__ = "0.1.0"
