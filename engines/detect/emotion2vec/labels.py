"""The emotions that a model tells apart, in English, and the one that a segment gets."""

from collections.abc import Mapping, Sequence

from dalston_sdk.wire import Emotion

UNKNOWN = "unknown"

_UNUSED = "unuse"
_PLACEHOLDER = "<unk>"


def english_label(token: str) -> str | None:
    """Turn a line of ``tokens.txt`` into a label.

    ``生气/angry`` becomes ``angry``, and ``<unk>`` becomes ``unknown``.

    Returns:
        The label; None for an output without a meaning (``unuse_0``).

    Raises:
        ValueError: The line is empty.
    """
    token = token.strip()
    if token.startswith(_UNUSED):
        return None
    label = token.rpartition("/")[2].strip().lower()
    if not label:
        raise ValueError(f"{token!r} names no emotion")
    return UNKNOWN if label == _PLACEHOLDER else label


def read_labels(lines: Sequence[str]) -> tuple[str | None, ...]:
    """Read all labels of ``tokens.txt``, one per output of the model.

    Raises:
        ValueError: A line is empty, two name the same emotion, or all outputs are unused.
    """
    labels = tuple(english_label(line) for line in lines)
    named = [label for label in labels if label is not None]
    if not named:
        raise ValueError("no emotion is named")
    duplicates = sorted({label for label in named if named.count(label) > 1})
    if duplicates:
        raise ValueError(f"{', '.join(duplicates)} is named more than once")
    return labels


def choose_emotion(scores: Mapping[str, float], threshold: float) -> Emotion:
    """Choose the emotion with the highest score; ``unknown`` where that is below the threshold.

    Args:
        scores: Scores by label, 0 to 1.
        threshold: 0 to 1.

    Returns:
        The emotion with all scores. Its own score is the highest of them, also for ``unknown``.
    """
    best = max(scores, key=lambda label: scores[label])
    return Emotion(
        label=best if scores[best] >= threshold else UNKNOWN,
        score=round(scores[best], 4),
        scores={label: round(score, 4) for label, score in scores.items()},
    )
