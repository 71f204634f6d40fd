"""``docker``: engines as containers that see nothing but their weights and what they are sent."""
