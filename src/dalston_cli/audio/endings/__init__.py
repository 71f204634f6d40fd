"""The signs by which each container shows that its end is there."""
