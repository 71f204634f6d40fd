"""The emotions a model tells apart, in English, and what it thinks of a stretch of speech."""

from collections.abc import Mapping, Sequence

from dalston_sdk.wire import Emotion

UNKNOWN = "unknown"

_UNUSED = "unuse"
_PLACEHOLDER = "<unk>"


def english_label(token: str) -> str | None:
    """A line of ``tokens.txt`` as a label: ``生气/angry`` is ``angry``, ``<unk>`` is ``unknown``.

    Returns:
        The label; None for a place in the model's answer that means nothing (``unuse_0``).

    Raises:
        ValueError: There is nothing in the line.
    """
    token = token.strip()
    if token.startswith(_UNUSED):
        return None
    label = token.rpartition("/")[2].strip().lower()
    if not label:
        raise ValueError(f"{token!r} names no emotion")
    return UNKNOWN if label == _PLACEHOLDER else label


def read_labels(lines: Sequence[str]) -> tuple[str | None, ...]:
    """All labels of ``tokens.txt``, one per place in the model's answer.

    Raises:
        ValueError: A line names nothing, two name the same, or all of them are unused.
    """
    labels = tuple(english_label(line) for line in lines)
    named = [label for label in labels if label is not None]
    if not named:
        raise ValueError("no emotion is named")
    doubles = sorted({label for label in named if named.count(label) > 1})
    if doubles:
        raise ValueError(f"{', '.join(doubles)} is named more than once")
    return labels


def judge(scores: Mapping[str, float], threshold: float) -> Emotion:
    """The emotion with the highest score, or ``unknown`` where that is below the threshold.

    Args:
        scores: Per label, from 0 to 1.
        threshold: From 0 to 1.

    Returns:
        All scores, and the highest of them even where the label is ``unknown``.
    """
    best = max(scores, key=lambda label: scores[label])
    return Emotion(
        label=best if scores[best] >= threshold else UNKNOWN,
        score=round(scores[best], 4),
        scores={label: round(score, 4) for label, score in scores.items()},
    )
