"""``dalston serve``: the pipeline for other programs, over HTTP."""
