"""Runners of jobs: of this process, and of Dask's workers."""
