"""``local``: engines as detached processes, each in an environment of its own."""
