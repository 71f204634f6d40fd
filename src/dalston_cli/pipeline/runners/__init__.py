"""Runners of jobs: so far only of this process."""
