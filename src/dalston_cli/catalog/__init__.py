"""The catalogs of engines and models, the choice among them, and the weights on disk."""
