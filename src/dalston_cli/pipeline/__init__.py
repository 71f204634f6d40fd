"""From recordings to transcripts: plan, run, store, journal."""
