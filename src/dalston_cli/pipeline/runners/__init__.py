"""Runners of jobs: the seam for running them on other machines."""
