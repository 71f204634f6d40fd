"""From what the user names to recordings: files, folders, patterns, lists, manifests."""
