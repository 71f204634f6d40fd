"""Prompts of Whisper's kind: shortened to what the decoder has room for.

The decoder reads the prompt and writes the text in one row of tokens of a fixed length: a prompt
that takes more than half of it leaves no room for the text, which is then empty or cut off.

Reference: openai-whisper ``decoding.py``: a prompt has at most ``n_text_ctx // 2 - 1`` tokens.
"""

from bisect import bisect_right
from collections.abc import Callable

import msgspec

from dalston_sdk.wire import Notice, Stage, TranscribeOptions

MAX_PROMPT_TOKENS = 223
"""Of Whisper's 448: hotwords, prompt and prefix together."""

_HALF = MAX_PROMPT_TOKENS // 2
_BESIDE_TEXT = 64
"""Tokens of hotwords where earlier text, with up to ``MAX_PROMPT_TOKENS``, stands beside them."""

_SHOWN = 60
_LONGEST_WORD = 30

CountTokens = Callable[[str], int]


def fit_prompts(
    options: TranscribeOptions, count: CountTokens
) -> tuple[TranscribeOptions, tuple[Notice, ...]]:
    """Shorten hotwords, prompt and prefix, together, to what the decoder has room for.

    Of the prompt the end is kept, which stands next to the text, of the others the beginning.
    Hotwords and prompt each get half of the room, and what the other leaves of it.

    Args:
        options: The request's.
        count: Returns the number of tokens of a text.

    Returns:
        The options as they are used, and a notice for each that was shortened.
    """
    prompt, prefix, hotwords = options.initial_prompt, options.prefix, options.hotwords
    room = MAX_PROMPT_TOKENS
    if prefix:
        prefix = _start(prefix, count, _HALF)
        room -= count(prefix)
    if hotwords:
        # Beside a prefix there are none: they go before later chunks, which have no prompt.
        beside = count(prompt) if prompt and not prefix else 0
        most = max(MAX_PROMPT_TOKENS - beside, _HALF)
        if options.condition_on_previous_text:
            most = min(most, _BESIDE_TEXT)
        hotwords = _first_hotwords(hotwords, count, most)
        room -= 0 if prefix else count(", ".join(hotwords))
    if prompt:
        prompt = _end(prompt, count, room)
    fitted = {"initial_prompt": prompt, "hotwords": hotwords, "prefix": prefix}
    changed = {
        name: value
        for name, value in fitted.items()
        if value is not None and value != getattr(options, name)
    }
    return (
        msgspec.structs.replace(options, **changed),
        tuple(_shortened(name, options, value) for name, value in changed.items()),
    )


def _first_hotwords(hotwords: tuple[str, ...], count: CountTokens, most: int) -> tuple[str, ...]:
    """Return as many as fit; if not even the first one does, its beginning."""
    fitting = _longest(len(hotwords), lambda size: count(", ".join(hotwords[:size])) <= most)
    return hotwords[:fitting] or (_start(hotwords[0], count, most),)


def _start(text: str, count: CountTokens, most: int) -> str:
    """Return the longest beginning that fits, without half a word."""
    if count(text) <= most:
        return text
    size = _longest(len(text), lambda size: count(text[:size]) <= most)
    kept = text[:size]
    if not text[size].isspace():
        space = max(kept.rfind(" "), kept.rfind("\n"))
        kept = kept[:space] if len(kept) - space <= _LONGEST_WORD and space >= 0 else kept
    return kept.strip()


def _end(text: str, count: CountTokens, most: int) -> str:
    """Return the longest end that fits, without half a word."""
    return _start(text[::-1], lambda kept: count(kept[::-1]), most)[::-1]


def _longest(size: int, fits: Callable[[int], bool]) -> int:
    """Return the largest size that fits, where every smaller one does."""
    return bisect_right(range(1, size + 1), 0, key=lambda each: 0 if fits(each) else 1)


def _shortened(name: str, options: TranscribeOptions, value: str | tuple[str, ...]) -> Notice:
    """Build the notice that names what was cut."""
    given = getattr(options, name)
    if isinstance(value, tuple):
        left_out = given[len(value) :]
        what = f"{len(left_out)} of {len(given)}" if left_out else "the end of the first one"
        cut = ", ".join(left_out or given)
    else:
        at = len(given.strip()) - len(value)
        cut = given.strip()[:at] if name == "initial_prompt" else given.strip()[-at:]
        what = f"its {'first' if name == 'initial_prompt' else 'last'} {len(cut.split())} words"
    return Notice(
        code="prompt_shortened",
        message=f'{name} is too long for the model: {what} were left out ("{_shown(cut)}").',
        stage=Stage.TRANSCRIBE.value,
    )


def _shown(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"
