"""Work of language models on transcripts: prompts, checks of answers, and what is made of them.

Shared by the engines that have a model clean up text, write about it or translate it. How a model
is asked is the engine's own: it gives a ``Provider``, and a ``ModelProfile`` that says what the
model can take.
"""
