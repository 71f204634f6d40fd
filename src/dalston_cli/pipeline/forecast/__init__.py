"""The forecast of a run: the answer of ``dalston plan``."""
