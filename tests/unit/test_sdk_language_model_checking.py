"""Checks of answers against the transcript, and chunks; pure functions."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dalston_sdk.language_model import checking
from dalston_sdk.language_model.text_chunks import estimate_tokens, split_segments
from dalston_sdk.wire import Segment

MAX_TOKENS, MAX_SEGMENTS = 1500, 60


@pytest.mark.parametrize(
    ("raw", "text", "allowed"),
    [
        pytest.param("hello there", "Hello, there!", "vls", id="marks"),
        pytest.param("dont do e mail", "Don't do e-mail.", "vls", id="marks-within-words"),
        pytest.param("it's fine", "It\u2019s fine.", "vls", id="another-apostrophe"),
        pytest.param("we met in doulston today", "We met in Dalston today.", "ls", id="misheard"),
        pytest.param("their it is now", "There it is now.", "ls", id="sounds-alike"),
        pytest.param("um so uh we begin", "So we begin.", "s", id="fillers"),
        pytest.param("the the the cat", "The cat.", "s", id="stutter"),
        pytest.param("no", "Yes.", "", id="the-opposite"),
        pytest.param("who are you", "I am an assistant.", "", id="answered"),
        pytest.param("guten morgen zusammen", "Good morning everybody", "", id="translated"),
        pytest.param("stop", "Stop. Please subscribe to my channel.", "", id="invented"),
        pytest.param("we go home", "Home we go.", "", id="reordered"),
        pytest.param("今天天气很好我们出去", "今天天气很好\uff0c我们出去。", "vls", id="no-spaces"),
        pytest.param("今天天汽很好我们出去", "今天天气很好\uff0c我们出去。", "ls", id="one-sign"),
        pytest.param("नमस्ते दुनिया", "नमस्ते, दुनिया!", "vls", id="marks-that-are-letters"),
        pytest.param("uh", "", "", id="emptied"),
        pytest.param("a word", "a word\u200b", "", id="invisible"),
    ],
)
def test_what_each_level_allows(raw: str, text: str, allowed: str) -> None:
    levels = {"v": "verbatim+punctuation", "l": "light", "s": "standard"}
    found = "".join(
        short
        for short, level in levels.items()
        if checking.rejection_reason(raw, text, level) is None
    )
    assert found == allowed


@given(old=st.text("abc ", max_size=12), new=st.text("abc ", max_size=12))
def test_the_distance_is_the_textbook_s(old: str, new: str) -> None:
    def plain(one: str, other: str) -> int:
        if not one or not other:
            return len(one) + len(other)
        if one[0] == other[0]:
            return plain(one[1:], other[1:])
        return 1 + min(plain(one[1:], other), plain(one, other[1:]), plain(one[1:], other[1:]))

    if len(old) + len(new) <= 12:
        found = checking.edit_distance(old, new, deletion=1.0, limit=100.0)
        assert found == plain(old, new)
        limit = found - 1
        assert checking.edit_distance(old, new, deletion=1.0, limit=limit) > limit


def segments(*texts: str) -> list[Segment]:
    return [
        Segment(id=number, start=float(number), end=number + 1.0, text=text)
        for number, text in enumerate(texts)
    ]


@given(lengths=st.lists(st.integers(min_value=0, max_value=6000), max_size=80))
def test_every_segment_with_text_is_in_one_chunk(lengths: list[int]) -> None:
    spoken = segments(*("x" * length for length in lengths))
    found = split_segments(spoken, max_tokens=MAX_TOKENS, max_segments=MAX_SEGMENTS)
    assert [each for chunk in found for each in chunk.segments] == [
        each for each in spoken if each.text
    ]
    for chunk in found:
        tokens = sum(estimate_tokens(each.text) for each in chunk.segments)
        assert tokens <= MAX_TOKENS or len(chunk.segments) == 1
        assert 0 < len(chunk.segments) <= MAX_SEGMENTS


@given(lengths=st.lists(st.integers(min_value=1, max_value=60), min_size=2, max_size=20))
def test_halves_are_the_chunk_with_the_text_around_each(lengths: list[int]) -> None:
    spoken = segments(*("x" * length for length in lengths))
    [chunk] = split_segments(spoken, max_tokens=MAX_TOKENS, max_segments=MAX_SEGMENTS)
    first, second = chunk.smaller()
    assert first.ids + second.ids == chunk.ids
    assert first.ids
    assert second.ids
    assert first.after == tuple(each.text for each in second.segments[:3])
    assert second.before == tuple(each.text for each in first.segments[-3:])
    assert (first.before, second.after) == ((), ())


def test_one_segment_is_as_small_as_it_gets_without_the_text_around_it() -> None:
    [_, chunk, _] = split_segments(segments("a", "b", "c"), max_tokens=1, max_segments=1)
    [alone] = chunk.smaller()
    assert (alone.segments, alone.before, alone.after) == (chunk.segments, (), ())
    assert alone.smaller() == ()
