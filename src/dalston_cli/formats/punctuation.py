"""Marks that end sentences and clauses, or may not stand at the edge of a line, in many scripts."""
# ruff: noqa: RUF001 - the marks of other scripts are meant, not their Latin look-alikes

CLOSING = "\"'”’»)]}」』）］｝〉》】〕"

_SENTENCE_ENDS = frozenset(".?!…。？！؟۔।॥")
_CLAUSE_ENDS = frozenset(",;:—–、，：；،؛")

NOT_AT_LINE_START = frozenset(
    "、。，．・：；？！」』）］｝〉》】〕ー々〻ぁぃぅぇぉっゃゅょゎァィゥェォッャュョヮヵヶ…‥,.!?:;)]}”’%ๆฯ"
)
NOT_AT_LINE_END = frozenset("「『（［｛〈《【〔([{“‘")


def ends_sentence(text: str) -> bool:
    """Return True if a sentence ends with ``text``, closing quotes and brackets ignored."""
    return _last(text) in _SENTENCE_ENDS


def ends_clause(text: str) -> bool:
    """Return True if a clause, but no sentence, ends with ``text``."""
    return _last(text) in _CLAUSE_ENDS


def _last(text: str) -> str:
    stripped = text.rstrip()
    return (stripped.rstrip(CLOSING) or stripped)[-1:]
