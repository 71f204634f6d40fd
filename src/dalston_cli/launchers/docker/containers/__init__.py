"""Containers of engines: what they may do, where they listen, what is left of them."""
