"""Subtitles: words made into readable cues, by rules.

``cues`` is the entry point; ``rules`` has the limits; ``atoms`` makes words into unbreakable units;
``breaking`` chooses the ends of cues and lines.
"""
