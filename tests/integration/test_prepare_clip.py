"""``--clip``: the part that comes out is the part of the whole, to the sample."""

from pathlib import Path

import numpy as np
import pytest
from tests.support import recordings
from tests.support.decoding import decode
from tests.support.recordings import SAMPLE_RATE

from dalston_cli.audio.clip import Clip
from dalston_cli.audio.errors import ClipOutsideError

DURATION_S = 40.0

EXACT = {
    "wav": ("wav", ()),
    "wav-48k": ("wav", ("-ar", "48000")),
    "flac": ("flac", ()),
    "mka-pcm": ("mka", ("-c:a", "pcm_s16le")),
    "alac": ("m4a", ("-c:a", "alac")),
    "aiff": ("aiff", ()),
}

LOSSY = {
    "mp3": ("mp3", ("-q:a", "5")),
    "m4a": ("m4a", ("-c:a", "aac")),
    "aac": ("aac", ("-c:a", "aac")),
    "ogg": ("ogg", ("-c:a", "libvorbis")),
    "opus": ("opus", ("-c:a", "libopus")),
    "webm": ("webm", ("-c:a", "libopus")),
}


@pytest.fixture(scope="module")
def speech(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Noise shaped like speech: every moment can be told from every other, also after coding."""
    rough = recordings.noise(DURATION_S).astype(np.float64)
    smooth = np.convolve(rough, np.ones(8) / 8, mode="same")
    path = tmp_path_factory.mktemp("clip") / "speech.wav"
    return recordings.write_wav(path, smooth.astype(np.int16))


def parts(source: Path, folder: Path, clip: Clip) -> tuple[np.ndarray, np.ndarray]:
    """The clip as it was decoded, and the same part of the whole."""
    decode(source, folder)
    whole = recordings.read_wav(folder / "audio.wav")
    decoded = decode(source, folder, clip=clip)
    assert (decoded.info.clip_start, decoded.info.clip_end) == (clip.start, clip.end)
    end = None if clip.end is None else round(clip.end * SAMPLE_RATE)
    part = whole[round(clip.start * SAMPLE_RATE) : end]
    return recordings.read_wav(folder / "audio.wav"), part


CLIPS = [Clip(end=3.0), Clip(start=2.5, end=4.0), Clip(start=20.125, end=23.5), Clip(start=33.0)]


@pytest.mark.parametrize("clip", CLIPS, ids=str)
@pytest.mark.parametrize(("extension", "options"), EXACT.values(), ids=EXACT)
def test_clip_of_lossless_audio_is_the_same_part(
    speech: Path, tmp_path: Path, extension: str, options: tuple[str, ...], clip: Clip
) -> None:
    source = recordings.make(tmp_path, f"made.{extension}", *options, speech=speech)

    clipped, part = parts(source, tmp_path, clip)

    assert len(clipped) == len(part)
    edge = 100  # the resampling filter sees silence beyond the clip's ends
    assert np.abs(clipped.astype(int) - part)[edge:-edge].max() <= 1


@pytest.mark.parametrize("clip", CLIPS, ids=str)
@pytest.mark.parametrize(("extension", "options"), LOSSY.values(), ids=LOSSY)
def test_clip_of_lossy_audio_is_the_same_part(
    speech: Path, tmp_path: Path, extension: str, options: tuple[str, ...], clip: Clip
) -> None:
    source = recordings.make(tmp_path, f"made.{extension}", *options, speech=speech)

    clipped, part = parts(source, tmp_path, clip)

    assert len(clipped) == pytest.approx(len(part), abs=1)
    assert recordings.likeness(clipped, part) > 0.99


@pytest.mark.parametrize("extension", ["wav", "flac", "mp3"])
def test_between_several_parts_there_is_silence(
    speech: Path, tmp_path: Path, extension: str
) -> None:
    source = recordings.make(tmp_path, f"made.{extension}", speech=speech)
    clip = Clip(start=12.0, end=30.0, gaps=((14.5, 20.0), (21.0, 28.25)))
    one = Clip(start=12.0, end=30.0)
    decode(source, tmp_path, clip=one)
    whole = recordings.read_wav(tmp_path / "audio.wav")

    decoded = decode(source, tmp_path, clip=clip)

    heard = recordings.read_wav(tmp_path / "audio.wav")
    inside = np.zeros(len(whole), dtype=bool)
    for start, end in ((12.0, 14.5), (20.0, 21.0), (28.25, 30.0)):
        inside[round((start - 12) * SAMPLE_RATE) : round((end - 12) * SAMPLE_RATE)] = True
    assert len(heard) == len(whole)
    assert np.array_equal(heard[inside], whole[inside])
    assert not heard[~inside].any()
    assert [warning.code for warning in decoded.warnings] == ["only_parts"]
    assert "12-14.5,20-21,28.25-30" in decoded.warnings[0].message
    assert decoded.info.left_out == ((14.5, 20.0), (21.0, 28.25))


def test_parts_beyond_the_end_are_named(speech: Path, tmp_path: Path) -> None:
    clip = Clip(start=2, gaps=((3, 50), (51, 90)))
    decoded = decode(speech, tmp_path, clip=clip)
    assert [warning.code for warning in decoded.warnings] == ["only_parts", "clip_outside"]
    assert "begin at 50, 90 s have nothing in them" in decoded.warnings[1].message
    assert "ends at 40.00 s" in decoded.warnings[1].message


def test_clip_after_the_end(speech: Path, tmp_path: Path) -> None:
    with pytest.raises(ClipOutsideError, match=r"begins at 90 s, but .* ends at 40\.00 s"):
        decode(speech, tmp_path, clip=Clip(start=90))


def test_clip_that_reaches_beyond_the_end_gives_what_there_is(speech: Path, tmp_path: Path) -> None:
    decoded = decode(speech, tmp_path, clip=Clip(start=35, end=100))
    assert decoded.info.duration_s == pytest.approx(5)
    assert decoded.warnings == ()
