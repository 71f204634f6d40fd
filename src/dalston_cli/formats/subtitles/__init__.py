"""Subtitles: words gathered into cues that can be read, by rules.

``rules`` holds the numbers; ``atoms`` turns words into what must not be broken; ``breaking``
chooses where cues and lines end; ``timing`` says when each cue appears; ``cues`` is the way in;
``highlight`` follows the word that is spoken.
"""
