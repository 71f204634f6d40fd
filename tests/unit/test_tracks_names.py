"""Speakers' names in the names of tracks, and what Craig says of a recording."""

import pytest

from dalston_cli.pipeline.intake.track_names import craigs_start, speaker_of

INFO = (
    "Recording hq9r8kd3\r\n\r\nGuild:\t\tOurs (1)\r\nChannel:\tTalk (2)\r\nRequester:\tada (3)\r\n"
    "Start time:\t{start}\r\n\r\nTracks:\r\n\tada#1234 (3)\r\n\tgrace (4)\r\n"
)


@pytest.mark.parametrize(
    ("file", "expected"),
    [
        ("audioAdaLovelace11234567.m4a", "Ada Lovelace"),
        ("audioDavidCui11234567890.m4a", "David Cui"),
        ("audioHudsonMitchell-P31639780501.m4a", "Hudson Mitchell-P"),
        ("audioJürgenÖzil21234567890.m4a", "Jürgen Özil"),
        ("audioJu\u0308rgenO\u0308zil21234567890.m4a", "Jürgen Özil"),
        ("audioAlice.m4a", "Alice"),
        ("audioNisha_1234567890.m4a", "Nisha"),
        ("audio1234567890.m4a", "audio1234567890"),
        ("audio_only_1234.m4a", "audio only 1234"),
        ("audiobook.m4a", "audiobook"),
        ("1-ada_1234.flac", "ada"),
        ("2-grace_hopper_0.flac", "grace hopper"),
        ("12-linus.aac", "linus"),
        ("riverside_ada_lovelace_raw-audio_my-studio_0001.wav", "ada lovelace"),
        ("riverside_ada_compressed-video_x.mp4", "ada"),
        ("riverside_ada.wav", "ada"),
        ("Ada.wav", "Ada"),
        ("ada_lovelace.wav", "ada lovelace"),
        ("\x1b[31mada.wav", "[31mada"),
        ("....wav", "..."),
        ("x" * 200 + ".wav", "x" * 80),
    ],
)
def test_names(file: str, expected: str) -> None:
    assert speaker_of(file) == expected


@pytest.mark.parametrize(
    ("info", "expected"),
    [
        (INFO.format(start="2024-05-17T09:30:00.123Z"), (True, "2024-05-17T09:30:00Z")),
        (INFO.format(start="2024-05-17T09:30:00+02:00"), (True, "2024-05-17T09:30:00+02:00")),
        (INFO.format(start="1970-01-01T00:00:00Z"), (True, None)),
        (INFO.format(start="yesterday"), (True, None)),
        ("Start time:\t2024-05-17T09:30:00Z", (False, None)),
        ("", (False, None)),
    ],
    ids=["utc", "zone", "unset", "no-date", "of-another-program", "empty"],
)
def test_craigs_info(info: str, expected: tuple[bool, str | None]) -> None:
    assert craigs_start(info) == expected
