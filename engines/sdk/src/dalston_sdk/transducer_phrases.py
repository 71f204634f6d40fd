"""Decodes a transducer greedily, with words and names to expect.

Where a token that begins a phrase or goes on with it is nearly as likely as the best one, it is
tried: decoding goes on with it, and if the phrase does not come to its end with a word, or costs
more than its bonus, decoding returns to where it left the greedy path. So the text is that of the
greedy search, to the letter, but for phrases and what the model writes after them. A blank is
overruled only within a phrase that has begun: none begins where the model writes nothing.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dalston_sdk.phrases import Phrase, Vocabulary

_MOST_TRIES = 4
"""How many tokens are tried in one place, the likeliest first."""
_MOST_AT_ONCE = 6.0
"""How much less likely than the best token another one may be with a weight of 1, as a natural
logarithm; less likely ones are not tried."""

Step = Callable[[Sequence[int], Any, int], tuple[NDArray[np.float32], int, Any]]
"""Takes the tokens so far, the state after the last of them, and a frame.

Returns logits, the number of frames to go on by (below 1 if the model says none), and the state if
a token is written.
"""


@dataclass(frozen=True, kw_only=True)
class Emitted:
    """A token that was written.

    Attributes:
        frame: When.
        duration: In frames; 0 if the model gives none.
        logprob: Natural logarithm of its posterior.
    """

    token_id: int
    frame: int
    duration: int
    logprob: float


_Key = tuple[int, int, int]


@dataclass(eq=False)
class _Node:
    """What phrases begin with.

    Attributes:
        most: The largest bonus among these phrases.
        reach: How much less likely than the best token the last one may be.
        ends: The bonus of the phrase that is complete here; None if there is none.
        has_spaces: True if that phrase ends with a word.
        depth: Number of tokens so far.
    """

    next: dict[int, "_Node"] = field(default_factory=dict)
    most: float = 0.0
    reach: float = 0.0
    ends: float | None = None
    has_spaces: bool = True
    depth: int = 0


@dataclass(frozen=True, kw_only=True)
class _Place:
    """Where decoding is: all that returning to it takes.

    Attributes:
        in_frame: Tokens written in this frame.
        spent: How much less likely the phrase so far is than the greedy path.
    """

    frame: int = 0
    in_frame: int = 0
    state: Any = None
    written: tuple[Emitted, ...] = ()
    node: _Node
    spent: float = 0.0

    @property
    def key(self) -> _Key:
        return self.frame, self.in_frame, len(self.written)

    @property
    def is_within(self) -> bool:
        """True if a phrase has begun and is not at its end."""
        return self.node.depth > 0 and self.node.ends is None


class _Trial:
    """What is being tried, and where decoding returns to if it fails.

    Attributes:
        fork: Where the greedy path was left; None if it was not.
        refused: Tokens that have failed at a place.
        gap: The likeliest place since the last token, where the model writes nothing, for the next
            token of a phrase that has begun; with the token and its costs.
    """

    def __init__(self) -> None:
        self.fork: _Place | None = None
        self.refused: dict[_Key, set[int]] = {}
        self.gap: tuple[float, _Place, int] | None = None
        self._forced: tuple[_Key, int] | None = None

    def begin(self, place: _Place, token_id: int) -> None:
        """Leave the greedy path with a token, unless it was left before."""
        if self.fork is None:
            self.fork = place
            self.refused = {place.key: {*self.refused.get(place.key, ()), token_id}}

    def end(self) -> None:
        """Keep what was tried."""
        self.fork = self.gap = None

    def back(self) -> _Place | None:
        """Return to the gap, whose token is then written, or to the fork; None if there is none."""
        if self.gap is not None:
            _, place, token_id = self.gap
            self.gap = None
            self._forced = place.key, token_id
            return place
        fork, self.fork = self.fork, None
        return fork

    def forced_at(self, place: _Place) -> int | None:
        """Return the token to write at a place, once."""
        if self._forced is None or self._forced[0] != place.key:
            return None
        token_id = self._forced[1]
        self._forced = None
        return token_id

    def note_gap(self, place: _Place, scores: NDArray[np.float32], best: int) -> None:
        """Remember a place if the next token of a phrase is likelier here than before."""
        if not place.is_within or len(self.refused.get(place.key, ())) >= _MOST_TRIES:
            return
        for token_id, node in place.node.next.items():
            cost = float(scores[best] - scores[token_id])
            is_near = cost <= min(node.most - place.spent, node.reach)
            is_best = self.gap is None or cost < self.gap[0]
            if is_near and is_best and token_id not in self.refused.get(place.key, ()):
                self.gap = cost, place, token_id


class TransducerPhrases:
    """Words and names to expect, as a tree of tokens.

    Args:
        phrases: At least one.
        vocabulary: The model's.
        blank: The id of its blank.
        most_in_frame: How many tokens a frame may have.
    """

    def __init__(
        self,
        phrases: Sequence[Phrase],
        vocabulary: Vocabulary,
        *,
        blank: int,
        most_in_frame: int,
    ) -> None:
        self._blank = blank
        self._boundaries = vocabulary.boundaries
        self._most_in_frame = most_in_frame
        self._root = _Node()
        # With a token of its own for the space a phrase begins with it, but at the very start.
        self._start = _Node()
        for phrase in phrases:
            _add(self._root, phrase, phrase.token_ids)
            _add(self._start, phrase, phrase.token_ids)
            if vocabulary.texts[phrase.token_ids[0]] == " ":
                _add(self._start, phrase, phrase.token_ids[1:])

    def decode(self, step: Step, state: Any, num_frames: int) -> list[Emitted]:  # noqa: ANN401 - the model's
        """Decode a chunk.

        Args:
            step: Asks the model.
            state: The model's, before the first token.
            num_frames: Of the chunk.
        """
        trial = _Trial()
        place = _Place(state=state, node=self._start)
        while True:
            if place.frame >= num_frames:
                earlier = None if _is_complete(place) else trial.back()
                if earlier is None:
                    return list(place.written)
                place = earlier
                continue
            tokens = [each.token_id for each in place.written]
            logits, duration, after = step(tokens, place.state, place.frame)
            scores = _log_softmax(logits)
            best = int(scores.argmax())
            forced = trial.forced_at(place)
            if best == self._blank and forced is None:
                trial.note_gap(place, scores, best)
                place = self._moved(place, duration, is_full=True)
                continue
            if _is_complete(place) and (best in self._boundaries or not place.node.has_spaces):
                trial.end()
                place = replace(place, spent=0.0)
            if forced is None:
                token_id, node, cost = self._chosen(place, scores, best, trial)
            else:
                token_id, node = forced, place.node.next[forced]
                cost = place.spent + float(scores[best] - scores[forced])
                trial.begin(place, forced)
            if node is None and (earlier := trial.back()) is not None:
                place = earlier
                continue
            trial.gap = None
            emitted = Emitted(
                token_id=token_id,
                frame=place.frame,
                duration=max(0, duration),
                logprob=float(scores[token_id]),
            )
            place = replace(
                place,
                state=after,
                written=(*place.written, emitted),
                in_frame=place.in_frame + 1,
                node=node or self._root,
                spent=cost,
            )
            place = self._moved(place, duration, is_full=place.in_frame >= self._most_in_frame)

    def _chosen(
        self,
        place: _Place,
        scores: NDArray[np.float32],
        best: int,
        trial: "_Trial",
    ) -> tuple[int, _Node | None, float]:
        """Return the token to write, the node it leads to, and the costs of the phrase with it.

        The node is None where no phrase goes on. A new phrase begins only if none is being tried.
        Where several tokens may be written, the trial begins here, the likeliest first.
        """
        banned, is_free = trial.refused.get(place.key, set()), trial.fork is None
        found: list[tuple[float, int, _Node, float]] = []
        if len(banned) < _MOST_TRIES:
            beginnings = self._root.next.items() if is_free else ()
            options = [(*each, place.spent) for each in place.node.next.items()]
            options += [(*each, 0.0) for each in beginnings]
            for token_id, node, spent in options:
                cost = float(scores[best] - scores[token_id])
                if token_id not in banned and cost <= min(node.most - spent, node.reach):
                    found.append((cost, token_id, node, spent + cost))
        if not found:
            return best, None, 0.0
        _, token_id, node, spent = min(found, key=lambda each: each[:2])
        if token_id != best or len({each[1] for each in found}) > 1:
            trial.begin(place, token_id)
        return token_id, node, spent

    def _moved(self, place: _Place, duration: int, *, is_full: bool) -> _Place:
        if duration > 0:
            return replace(place, frame=place.frame + duration, in_frame=0)
        if is_full:
            return replace(place, frame=place.frame + 1, in_frame=0)
        return place


def _add(root: _Node, phrase: Phrase, token_ids: Sequence[int]) -> None:
    node = root
    for depth, token_id in enumerate(token_ids, start=1):
        node = node.next.setdefault(token_id, _Node(depth=depth))
        node.most = max(node.most, phrase.bonus)
        node.reach = max(node.reach, _MOST_AT_ONCE * phrase.weight)
    node.ends = max(node.ends or 0.0, phrase.bonus)
    node.has_spaces = phrase.has_spaces


def _is_complete(place: _Place) -> bool:
    return place.node.ends is not None and place.spent <= place.node.ends


def _log_softmax(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    shifted: NDArray[np.float32] = logits - logits.max()
    scores: NDArray[np.float32] = shifted - np.log(np.exp(shifted).sum())
    return scores
