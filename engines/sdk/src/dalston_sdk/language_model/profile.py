"""What a model can take at once, and how it is asked."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class ModelProfile:
    """A model's name for messages, and its limits; the defaults are those of large models.

    Attributes:
        name: The model's name.
        concurrency: Prompts of one request that are sent at the same time.
        deadline_s: Time limit for one prompt, including retries; None for none.
        batch_price_share: Share of the price that a prompt of a batch costs.
        caches: True if the service remembers instructions that it was sent before.
        thinking_tokens: Tokens that the model may spend on thinking before it answers.
        chunk_tokens: Tokens of text in a prompt that has every segment answered, by
            ``estimate_tokens``. 1,500 are about six minutes of speech: a bad answer costs no more.
        chunk_segments: Segments in such a prompt.
        part_tokens: Tokens of text in a prompt about the text, by ``estimate_tokens``: 18,000 are
            about an hour of speech.
        part_segments: Segments in such a prompt.
    """

    name: str
    concurrency: int = 1
    deadline_s: float | None = None
    batch_price_share: float = 1.0
    caches: bool = False
    thinking_tokens: int = 4096
    chunk_tokens: int = 1500
    chunk_segments: int = 60
    part_tokens: int = 18_000
    part_segments: int = 1000
