"""Subtitles into videos: beside the pictures as a track, or burnt into them."""
