"""Taking names, numbers and addresses out of transcripts and recordings."""
