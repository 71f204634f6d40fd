"""``--clip`` and ``--channels`` as text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dalston_cli.audio.channels import InvalidChannelsError, parse_channels
from dalston_cli.audio.clip import Clip, InvalidClipError, parse_clip

CLIPS = {
    "90-120": Clip(start=90, end=120),
    "1:30-2:00": Clip(start=90, end=120),
    "00:01:30.5-": Clip(start=90.5),
    "-30": Clip(end=30),
    "0-0.5": Clip(end=0.5),
    " 5 - 10 ": Clip(start=5, end=10),
    "100:00:00-": Clip(start=360_000),
    "1:0-1:5": Clip(start=60, end=65),
    "0-30,1:30-2:00": Clip(end=120, gaps=((30, 90),)),
    "5-10, 20-30 ,40-": Clip(start=5, gaps=((10, 20), (30, 40))),
    "5-10,10-20": Clip(start=5, end=20),
    "10-20,5-8": Clip(start=5, end=20, gaps=((8, 10),)),
    "0-10,9-20": Clip(end=20),
    "5-,9-20,2-3": Clip(start=2, gaps=((3, 5),)),
    "0-10,2-3,12-14": Clip(end=14, gaps=((10, 12),)),
    "7-8,7-8": Clip(start=7, end=8),
}

WRONG_CLIPS = {
    "-": "not a part",
    "": "not a part",
    "90": "not a part",
    "90-120-150": "not a part",
    "a-b": "not a part",
    "-5--3": "not a part",
    "1e3-": "not a part",
    "nan-inf": "not a part",
    "1:2:3:4-": "not a part",
    "\u0663-\u0665": "not a part",
    "120-90": "ends before it starts",
    "5-5": "ends before it starts",
    "0-5,9-7": "ends before it starts",
    "0-5,": "not a part",
    "9999999999-": "not a part",
    "9999999:00:00-": "not a part",
    f"{'9' * 5000}-": "not a part",
    f"1.{'9' * 5000}-": "not a part",
    "1:60-": "60 or more seconds",
    "1:60:00-": "60 or more minutes",
}


@pytest.mark.parametrize(("text", "clip"), CLIPS.items(), ids=CLIPS)
def test_clip_is_read(text: str, clip: Clip) -> None:
    assert parse_clip(text) == clip


@pytest.mark.parametrize(("text", "problem"), WRONG_CLIPS.items(), ids=ascii)
def test_wrong_clip_is_explained(text: str, problem: str) -> None:
    with pytest.raises(InvalidClipError, match=problem) as caught:
        parse_clip(text)
    assert "--clip 90-120" in str(caught.value.hint)


@pytest.mark.parametrize("text", ["0-30,90-120", "5-10,20-30,40-", "1.5-2.25,3-4"])
def test_parts_write_themselves_as_they_are_read(text: str) -> None:
    assert str(parse_clip(text)) == text


@given(st.integers(0, 10**6), st.integers(1, 10**6), st.booleans())
def test_seconds_and_clock_notation_agree(start: int, length: int, open_end: bool) -> None:
    end = None if open_end else start + length

    def clock(seconds: int) -> str:
        return f"{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}"

    plain = f"{start}-{'' if end is None else end}"
    timed = f"{clock(start)}-{'' if end is None else clock(end)}"
    assert parse_clip(plain) == parse_clip(timed) == Clip(start=start, end=end)


@given(st.text(max_size=20))
def test_any_text_is_a_clip_or_explained(text: str) -> None:
    try:
        clip = parse_clip(text)
    except InvalidClipError:
        return
    assert clip.start >= 0
    assert clip.end is None or clip.end > clip.start


@given(st.integers(0, 10**12), st.integers(1, 10**10))
def test_clip_writes_itself_as_it_is_read(start_us: int, length_us: int) -> None:
    clip = Clip(start=start_us / 1e6, end=(start_us + length_us) / 1e6)
    again = parse_clip(str(clip))
    assert (again.start, again.end) == pytest.approx((clip.start, clip.end), abs=1e-6)


@pytest.mark.parametrize(
    ("text", "channels"),
    [("mix", "mix"), (" SPLIT ", "split"), ("0", 0), ("11", 11)],
    ids=repr,
)
def test_channels_are_read(text: str, channels: str | int) -> None:
    assert parse_channels(text) == channels


@pytest.mark.parametrize("text", ["", "left", "-1", "1.5", "²"])
def test_wrong_channels_are_explained(text: str) -> None:
    with pytest.raises(InvalidChannelsError, match="is not mix, split or a channel's number"):
        parse_channels(text)
