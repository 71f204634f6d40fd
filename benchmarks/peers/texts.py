"""How much the texts of the contenders differ: speed counts only where the work was done."""

from collections.abc import Sequence
from pathlib import Path

import jiwer
from tests.support.scoring import normalise

from benchmarks.peers.benchmark import Contender


def words_that_differ(contenders: Sequence[Contender]) -> dict[str, float]:
    """Return for each contender the words that are not as the first peer's, per word.

    Where there is no peer, the first contender takes its place.
    """
    texts = {each.name: _text(each.texts) for each in contenders if each.texts is not None}
    peers = [each.name for each in contenders if each.is_peer and each.texts is not None]
    first = next(iter([*peers, *texts]), None)
    if first is None or not texts[first]:
        return {}
    return {name: jiwer.wer(texts[first], text) for name, text in texts.items()}


def _text(folder: Path) -> str:
    """Return the words of all files, in the order of their names."""
    files = sorted(folder.glob("*.txt"))
    return normalise(" ".join(path.read_text(encoding="utf-8") for path in files))
