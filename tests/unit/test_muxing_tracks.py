"""Tracks of subtitles: what is made of what a person typed."""

from pathlib import Path

import pytest

from dalston_cli.muxing.tracks import read_tracks


@pytest.mark.parametrize(
    ("given", "title"),
    [("English", "English"), ("a\n b\x1b", "a b"), ("fran\udce7ais", "fran?ais")],
)
def test_a_title_is_one_line_of_sound_text(given: str, title: str, tmp_path: Path) -> None:
    path = tmp_path / "film.en.srt"
    path.write_text("1\n00:00:00,000 --> 00:00:01,000\nhi\n")

    [track] = read_tracks([path], [], [given])

    assert track.title == title
