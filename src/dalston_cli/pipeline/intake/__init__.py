"""Finds recordings: files, folders, patterns, lists, manifests."""
