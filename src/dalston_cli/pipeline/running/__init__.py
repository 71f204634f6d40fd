"""The work itself: many recordings, one recording, its stages, one stage on an engine."""
