"""``--runner dask``: the engines' part of each job is a task of Dask, on this machine or on many.

The command finds recordings, plans, keeps the journal and writes the outputs. A worker reads the
recording, decodes it and has engines work on it; each stage's result goes into the store, which
lies in a folder that all of them share, and the transcript goes back to the command. So a worker
needs neither the journal nor the outputs, and what it did is not lost with it.

Only this package imports ``distributed``, and only when it is asked for.
"""
