"""Speakers who are known by their voices: a closed roster of people who agreed to it.

``roster`` is what is kept of them and ``roster_file`` its file; ``recorded_voice`` and ``voices``
are what diarization found in a recording; ``decision`` compares the two, ``naming`` gives a
transcript the names and ``reasons`` says why others have none; ``enrolment`` is what a sample has
to hold to.
"""
