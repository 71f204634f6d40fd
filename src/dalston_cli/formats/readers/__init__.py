"""Readers of other programs' files, one per format: each has ``read(path, text)``.

Nothing that a file lacks is made up: a transcript from subtitles has no words, no language, and
nothing about the recording but the time of its last cue.
"""
