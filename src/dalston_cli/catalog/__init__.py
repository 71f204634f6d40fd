"""The catalogs: which engines and models there are, which one to take, and the weights on disk."""
