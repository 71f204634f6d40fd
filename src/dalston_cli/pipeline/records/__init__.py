"""What outlives a run: stage results, the journal, and the keys they are found under."""
