"""Overview: the language model once more, which writes about the text and leaves it as it is.

It is the refining stage with other options and a result of its own, so that neither is lost, or
paid for again, when the other one fails.
"""

from dalston_cli.stages.refine import REFINE, Refine


class Overview(Refine):
    """Writes a title, a summary, chapters, action items, as its options say."""

    name = "overview"
    needs = (REFINE,)


OVERVIEW = Overview()
