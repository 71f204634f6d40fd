"""Records that outlive a run: stage results, the journal, and their keys."""
