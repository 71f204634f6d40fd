"""Recordings that cannot be used, each refused with its reason, and damaged ones that can."""

import os
import socket
from pathlib import Path

import numpy as np
import pytest
from tests.support import recordings
from tests.support.decoding import decode
from tests.support.recordings import SAMPLE_RATE

from dalston_cli.audio.errors import RecordingError
from dalston_cli.errors import ExitCode


@pytest.fixture(scope="module")
def bad(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    made = recordings.make_bad(tmp_path_factory.mktemp("bad"))
    return {path.name: path for path in made}


def refusal(source: Path, folder: Path, **options: object) -> RecordingError:
    with pytest.raises(RecordingError) as caught:
        decode(source, folder, **options)
    assert not list(folder.glob(".*.part")), "a temporary file was left behind"
    assert not list(folder.glob("*.wav"))
    return caught.value


@pytest.mark.parametrize("name", recordings.BAD)
def test_bad_recording_is_refused_by_name(bad: dict[str, Path], tmp_path: Path, name: str) -> None:
    error = refusal(bad[name], tmp_path)

    assert error.code == recordings.BAD[name]
    assert error.exit_code is ExitCode.INPUT
    assert name in error.message
    assert error.hint


def test_missing_file(tmp_path: Path) -> None:
    assert refusal(tmp_path / "nowhere.wav", tmp_path).code == "recording_missing"
    (tmp_path / "file").touch()
    assert refusal(tmp_path / "file" / "below.wav", tmp_path).code == "recording_missing"


def test_pipe_is_refused_without_waiting(tmp_path: Path) -> None:
    folder = tmp_path / "out"
    folder.mkdir()
    os.mkfifo(tmp_path / "pipe.wav")
    assert refusal(tmp_path / "pipe.wav", folder).code == "not_regular_file"
    assert refusal(Path("/dev/null"), folder).code == "not_regular_file"


def test_socket_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "out"
    folder.mkdir()
    with socket.socket(socket.AF_UNIX) as one:
        one.bind(str(tmp_path / "s"))
        assert refusal(tmp_path / "s", folder).code == "not_regular_file"


def test_encrypted_recording(tmp_path: Path) -> None:
    key = ("-encryption_key", "0123456789abcdef" * 2, "-encryption_kid", "fedcba9876543210" * 2)
    options = ("-c:a", "aac", "-encryption_scheme", "cenc-aes-ctr", *key)
    source = recordings.make(tmp_path, "protected.mp4", *options)
    assert refusal(source, tmp_path).code == "recording_encrypted"


def test_codec_that_is_not_known(tmp_path: Path) -> None:
    source = recordings.make(tmp_path, "made.mkv", "-c:a", "pcm_s16le")
    source.write_bytes(source.read_bytes().replace(b"A_PCM/INT/LIT", b"A_NEW/INT/LIT"))
    error = refusal(source, tmp_path)
    assert error.code == "unknown_codec"
    assert "matroska" in error.message


def test_container_with_nothing_but_damage(tmp_path: Path) -> None:
    source = recordings.make(tmp_path, "made.mp4", "-c:a", "aac", "-movflags", "faststart")
    data = bytearray(source.read_bytes())
    media = data.index(b"mdat") + 4
    data[media:] = b"\xff" * (len(data) - media)
    source.write_bytes(data)
    error = refusal(source, tmp_path)
    assert error.code == "recording_corrupt"
    assert "nothing could be decoded" in error.message


def test_matroska_whose_tracks_declare_no_length(tmp_path: Path) -> None:
    source = recordings.make(tmp_path, "made.mka", "-c:a", "flac")
    source.write_bytes(source.read_bytes().replace(b"DURATION", b"XURATION"))
    decoded = decode(source, tmp_path)
    assert decoded.info.container_duration_s == pytest.approx(8.06, abs=0.1)
    assert decoded.warnings == ()


def test_playlist_opens_nothing_else(tmp_path: Path) -> None:
    folder = tmp_path / "out"
    folder.mkdir()
    recordings.write_wav(tmp_path / "secret.wav", recordings.tone(1))
    (tmp_path / "list.wav").write_text(
        f"#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:1,\n{tmp_path}/secret.wav\n#EXT-X-ENDLIST\n"
    )
    assert refusal(tmp_path / "list.wav", folder).code == "not_media"
    (tmp_path / "concat.wav").write_text(f"ffconcat version 1.0\nfile {tmp_path}/secret.wav\n")
    assert refusal(tmp_path / "concat.wav", folder).code in {"not_media", "no_audio_stream"}


def test_picture_has_no_sound(tmp_path: Path) -> None:
    picture = ("-f", "lavfi", "-i", "color=c=red:size=32x32", "-frames:v", "1")
    recordings.ffmpeg(*picture, tmp_path / "picture.png")
    assert refusal(tmp_path / "picture.png", tmp_path).code == "no_audio_stream"


def test_too_short_recording(tmp_path: Path) -> None:
    folder = tmp_path / "out"
    folder.mkdir()
    source = recordings.write_wav(tmp_path / "click.wav", recordings.tone(0.02))
    error = refusal(source, folder)
    assert error.code == "recording_too_short"
    assert "20 ms" in error.message


def test_recording_that_no_wav_file_can_hold(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "out"
    folder.mkdir()
    monkeypatch.setattr("dalston_cli.audio.decode.MAX_SAMPLES", SAMPLE_RATE * 61)
    source = recordings.write_wav(tmp_path / "long.wav", recordings.tone(5))
    assert refusal(source, folder).code == "recording_too_long"


def test_channel_that_does_not_exist(tmp_path: Path) -> None:
    folder = tmp_path / "out"
    folder.mkdir()
    source = recordings.write_wav(tmp_path / "mono.wav", recordings.tone(1))
    error = refusal(source, folder, channels=1)
    assert error.code == "channel_missing"
    assert "one channel" in error.message


def test_a_few_non_finite_samples_become_silence(tmp_path: Path) -> None:
    samples = recordings.noise(1).astype(np.float32) / np.float32(32768)
    samples[[100, 5000, 9000]] = (np.nan, np.inf, -np.inf)
    source = recordings.write_float_wav(tmp_path / "in.wav", samples)

    decoded = decode(source, tmp_path)

    expected = recordings.noise(1)
    expected[[100, 5000, 9000]] = 0
    assert np.array_equal(recordings.read_wav(tmp_path / "audio.wav"), expected)
    assert [notice.code for notice in decoded.warnings] == ["non_finite_samples"]
    assert decoded.warnings[0].message.startswith("3 samples")


def test_silence_is_told(tmp_path: Path) -> None:
    source = recordings.write_wav(tmp_path / "in.wav", np.zeros(SAMPLE_RATE, dtype=np.int16))
    decoded = decode(source, tmp_path)
    assert [notice.code for notice in decoded.warnings] == ["silent_audio"]


@pytest.mark.parametrize(
    ("name", "options"),
    [("cut.wav", ()), ("cut.mp3", ()), ("cut.flac", ()), ("cut.mp4", ("-movflags", "faststart"))],
)
def test_cut_off_recording_is_decoded_and_told(
    tmp_path: Path, name: str, options: tuple[str, ...]
) -> None:
    source = recordings.make(tmp_path, name, *options)
    os.truncate(source, source.stat().st_size * 6 // 10)

    decoded = decode(source, tmp_path)

    assert 2 < decoded.info.duration_s < 6
    assert "short_audio" in {notice.code for notice in decoded.warnings}
    assert decoded.info.container_duration_s == pytest.approx(8.06, abs=0.1)


def test_damaged_middle_keeps_later_times(tmp_path: Path) -> None:
    source = recordings.make(tmp_path, "whole.mp4", "-c:a", "aac")
    decode(source, tmp_path)
    whole = recordings.read_wav(tmp_path / "audio.wav")
    data = bytearray(source.read_bytes())
    media = data.index(b"mdat")
    for offset in range(media + 15_000, media + 25_000):
        data[offset] = 0xFF
    source.write_bytes(data)

    decoded = decode(source, tmp_path)

    damaged = recordings.read_wav(tmp_path / "audio.wav")
    assert "damaged_audio" in {notice.code for notice in decoded.warnings}
    assert len(damaged) == pytest.approx(len(whole), abs=SAMPLE_RATE * 0.1)
    end = slice(-2 * SAMPLE_RATE, -SAMPLE_RATE)
    assert recordings.likeness(damaged[end], whole[end]) > 0.95


def test_audio_that_begins_late_in_a_video_keeps_its_place(tmp_path: Path) -> None:
    recordings.write_wav(tmp_path / "tone.wav", recordings.tone(2))
    picture = ("-f", "lavfi", "-i", "color=c=blue:size=32x32:rate=5:duration=4")
    late = ("-itsoffset", "1.5", "-i", tmp_path / "tone.wav")
    codecs = ("-c:v", "mpeg4", "-c:a", "aac")
    recordings.ffmpeg(*picture, *late, *codecs, tmp_path / "late.mkv")

    decode(tmp_path / "late.mkv", tmp_path)

    samples = np.abs(recordings.read_wav(tmp_path / "audio.wav").astype(np.int32))
    assert samples[: round(1.4 * SAMPLE_RATE)].max() < 100
    assert samples[round(1.6 * SAMPLE_RATE) : round(3.4 * SAMPLE_RATE)].max() > 15000


def test_other_audio_streams_are_told(tmp_path: Path) -> None:
    first = recordings.write_wav(tmp_path / "one.wav", recordings.tone(1))
    inputs = ("-i", first, "-i", first, "-map", "0", "-map", "1")
    recordings.ffmpeg(*inputs, tmp_path / "two-tracks.mkv")
    decoded = decode(tmp_path / "two-tracks.mkv", tmp_path)
    assert [notice.code for notice in decoded.warnings] == ["other_audio_streams"]


def test_tags_that_are_not_utf_8_do_no_harm(tmp_path: Path) -> None:
    source = recordings.make(tmp_path, "tagged.mp3", "-metadata", "title=XXXX")
    data = source.read_bytes()
    source.write_bytes(data.replace(b"XXXX", b"\xe9\xff\xfe\xe8"))
    assert decode(source, tmp_path).info.duration_s > 7
