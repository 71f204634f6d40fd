"""What a run would do, without doing it: the answer of ``dalston plan``."""
