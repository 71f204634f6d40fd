"""Voices outside of a run: those of samples, and of recordings that were finished before."""
