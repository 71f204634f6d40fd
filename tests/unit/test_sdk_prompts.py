"""Prompts, hotwords and a prefix: what is kept of them, and what is told from what was said."""

import re
from typing import Any

import pytest

from dalston_sdk.prompt_echoes import EchoFilter, may_echo, was_said
from dalston_sdk.prompts import MAX_PROMPT_TOKENS, fit_prompts
from dalston_sdk.wire import Segment, SpeechRegion, TranscribeOptions

NAMES = tuple(f"Name{number}" for number in range(300))


def count(text: str) -> int:
    """A token for each word, comma and full stop; one for each letter of other scripts."""
    return len(re.findall(r"[a-zA-Z0-9]+|[^\sa-zA-Z0-9]", text))


def used(**options: Any) -> tuple[TranscribeOptions, list[str]]:
    fitted, notices = fit_prompts(TranscribeOptions(**options), count)
    assert {notice.code for notice in notices} <= {"prompt_shortened"}
    return fitted, [notice.message for notice in notices]


def total(options: TranscribeOptions) -> int:
    texts = (options.initial_prompt, ", ".join(options.hotwords or ()), options.prefix)
    return sum(count(text) for text in texts if text)


@pytest.mark.parametrize(
    "options",
    [
        pytest.param({}, id="none"),
        pytest.param({"initial_prompt": "a " * 223}, id="as-long-as-can-be"),
        pytest.param({"initial_prompt": "a " * 122, "hotwords": NAMES[:51]}, id="both"),
        pytest.param({"initial_prompt": "", "hotwords": ()}, id="empty"),
        pytest.param({"prefix": "Good evening", "hotwords": NAMES[:110]}, id="prefix"),
    ],
)
def test_what_has_room_stays_as_it_is(options: dict[str, Any]) -> None:
    assert used(**options) == (TranscribeOptions(**options), [])


@pytest.mark.parametrize(
    "options",
    [
        pytest.param({"initial_prompt": "one two " * 300}, id="prompt"),
        pytest.param({"initial_prompt": "東京" * 300}, id="without-spaces"),
        pytest.param({"hotwords": NAMES}, id="hotwords"),
        pytest.param({"hotwords": ("a very long name " * 100,)}, id="one-hotword"),
        pytest.param({"initial_prompt": "one " * 200, "hotwords": NAMES[:60]}, id="together"),
        pytest.param({"initial_prompt": "one " * 900, "hotwords": NAMES}, id="both"),
        pytest.param({"prefix": "so " * 200, "initial_prompt": "one " * 200}, id="prefix"),
    ],
)
def test_what_has_no_room_is_shortened_to_all_the_room_there_is(options: dict[str, Any]) -> None:
    fitted, messages = used(**options)
    assert MAX_PROMPT_TOKENS - 4 <= total(fitted) <= MAX_PROMPT_TOKENS
    assert messages
    assert all("is too long for the model" in message for message in messages)


def test_the_end_of_the_prompt_and_the_first_hotwords_are_kept_and_the_rest_is_named() -> None:
    prompt = " ".join(f"word{number}" for number in range(500))
    fitted, messages = used(initial_prompt=prompt, hotwords=NAMES)
    assert fitted.initial_prompt == " ".join(f"word{number}" for number in range(388, 500))
    assert fitted.hotwords == NAMES[:56]
    assert messages == [
        (
            "initial_prompt is too long for the model: its first 388 words were left out "
            '("word0 word1 word2 word3 word4 word5 word6 word7 word8 word9…").'
        ),
        (
            "hotwords is too long for the model: 244 of 300 were left out "
            '("Name56, Name57, Name58, Name59, Name60, Name61, Name62, Nam…").'
        ),
    ]


def test_hotwords_leave_room_for_text_that_is_carried_over() -> None:
    fitted, messages = used(hotwords=NAMES, condition_on_previous_text=True)
    assert 60 <= total(fitted) <= 64
    assert len(messages) == 1


@pytest.mark.parametrize(
    ("text", "is_possible"),
    [
        ("Lincoln and freedom.", True),
        ("of washington, LINCOLN and freedom, ask not", True),
        ("Ask not what your country can do for you.", False),
        ("Washington and freedom", False),
        ("", False),
    ],
)
def test_text_that_stands_in_the_prompt_may_come_from_it(text: str, *, is_possible: bool) -> None:
    assert may_echo(text, "He speaks of Washington, Lincoln and freedom.") is is_possible
    assert not may_echo(text, "")


@pytest.mark.parametrize(
    ("text", "heard", "is_said"),
    [
        ("Dalston and Hackney Wick", "Dolston and hackney week.", True),
        ("Washington, Lincoln and freedom.", "Ask not what your country can do for you.", False),
        ("Washington, Lincoln and freedom.", "", False),
    ],
)
def test_what_is_heard_without_the_prompt_was_said(text: str, heard: str, *, is_said: bool) -> None:
    assert was_said(text, heard) is is_said


def test_only_what_was_not_said_is_replaced() -> None:
    asked: list[SpeechRegion] = []

    def decode(region: SpeechRegion) -> list[Segment]:
        asked.append(region)
        text = "Alice and Bob." if region.start > 5 else "My fellow Americans."
        return [Segment(id=0, start=region.start, end=region.end, text=text)]

    options = TranscribeOptions(initial_prompt="Alice and Bob are here.", hotwords=("Carol",))
    echoes = EchoFilter(options, decode, duration_s=10.0)
    segments = [
        Segment(id=0, start=0.0, end=2.0, text="Alice and Bob are here."),
        Segment(id=1, start=2.0, end=4.0, text="Something else."),
        Segment(id=2, start=6.0, end=9.9, text="Alice and Bob"),
    ]
    texts = [segment.text for segment in echoes.checked(segments)]
    assert texts == ["My fellow Americans.", "Something else.", "Alice and Bob"]
    assert asked == [SpeechRegion(start=0.0, end=2.2), SpeechRegion(start=5.8, end=10.0)]
    [notice] = echoes.notices
    assert (notice.code, notice.start, notice.end) == ("prompt_echo", 0.0, 2.0)
    assert '"Alice and Bob are here."' in notice.message
