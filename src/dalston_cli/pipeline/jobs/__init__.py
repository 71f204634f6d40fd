"""Jobs before they run: what they are and may use, and what is known of their work."""
