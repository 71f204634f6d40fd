"""The stages: what goes into an engine and what comes out of it, one file per stage."""
