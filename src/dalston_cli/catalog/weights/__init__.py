"""Weights: pulling, linking, verifying and removing them."""
