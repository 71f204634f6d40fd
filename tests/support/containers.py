"""A recording in every container that the project names, as ffmpeg and sox write it."""

import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from tests.support import recordings

FILES: Mapping[str, Sequence[str]] = {
    "plain.wav": (),
    "float.wav": ("-c:a", "pcm_f32le"),
    "adpcm.wav": ("-c:a", "adpcm_ms"),
    "long.rf64": ("-f", "wav", "-rf64", "always"),
    "plain.aif": ("-f", "aiff"),
    "plain.aifc": ("-f", "aiff", "-c:a", "pcm_s16le"),
    "plain.au": (),
    "plain.snd": ("-f", "au"),
    "plain.caf": ("-c:a", "pcm_s16le"),
    "plain.w64": (),
    "plain.voc": ("-c:a", "pcm_u8"),
    "plain.flac": (),
    "plain.ogg": ("-c:a", "libvorbis"),
    "flac.oga": ("-c:a", "flac", "-f", "ogg"),
    "plain.opus": ("-c:a", "libopus"),
    "plain.spx": ("-c:a", "libspeex"),
    "plain.mp3": ("-ar", "44100"),
    "variable.mp3": ("-q:a", "7"),
    "no-xing.mp3": ("-write_xing", "0", "-b:a", "64k"),
    "variable-no-xing.mp3": ("-write_xing", "0", "-q:a", "5"),
    "tagged.mp3": ("-write_id3v1", "1", "-metadata", "title=A talk", "-write_xing", "0"),
    "plain.mp2": (),
    "plain.aac": (),
    "plain.ac3": (),
    "plain.eac3": (),
    "plain.dts": ("-c:a", "dca", "-strict", "-2", "-ar", "48000"),
    "plain.gsm": ("-ar", "8000"),
    "early-index.m4a": ("-movflags", "faststart"),
    "early-index.m4b": ("-movflags", "faststart", "-f", "mp4"),
    "early-index.mov": ("-movflags", "faststart"),
    "early-index.3gp": ("-movflags", "faststart", "-c:a", "aac"),
    "fragments.mp4": ("-movflags", "frag_keyframe+empty_moov", "-frag_duration", "1000000"),
    "plain.mka": ("-c:a", "aac"),
    "plain.mkv": ("-c:a", "flac"),
    "plain.webm": ("-c:a", "libopus"),
    "plain.wma": (),
    "plain.avi": (),
    "plain.ts": (),
    "plain.mts": ("-f", "mpegts", "-mpegts_m2ts_mode", "1"),
    "plain.m2ts": ("-c:a", "ac3"),
    "plain.mpg": ("-f", "mpeg", "-c:a", "mp2"),
    "plain.vob": ("-f", "vob", "-c:a", "ac3"),
    "plain.flv": ("-ar", "44100"),
    "plain.rm": ("-f", "rm", "-c:a", "ac3"),
    "plain.mxf": ("-f", "mxf_opatom", "-c:a", "pcm_s16le", "-ar", "48000"),
    "plain.tta": (),
    "plain.wv": (),
}
"""Names, and how ffmpeg makes them. The index stands at the start where it can."""

STREAMS: Mapping[str, Sequence[str]] = {
    "stream.flac": ("-f", "flac"),
    "stream.ogg": ("-f", "ogg"),
    "stream.opus": ("-f", "opus"),
    "stream.mp3": ("-f", "mp3"),
    "stream.w64": ("-f", "w64"),
    "stream.aif": ("-f", "aiff"),
    "stream.wav": ("-f", "wav"),
    "stream.au": ("-f", "au"),
    "stream.caf": ("-f", "caf", "-c:a", "pcm_s16be"),
    "stream.mka": ("-f", "matroska"),
    "stream.webm": ("-f", "webm"),
    "stream.ts": ("-f", "mpegts"),
    "stream.flv": ("-f", "flv", "-ar", "44100"),
    "stream.wv": ("-f", "wv"),
    "stream.tta": ("-f", "tta"),
    "stream.wma": ("-f", "asf"),
    "stream.avi": ("-f", "avi"),
    "stream.voc": ("-f", "voc"),
}
"""The same into a pipe, so that nothing can be filled in afterwards."""

ENDLESS = frozenset({"stream.wav", "stream.aif", "stream.w64", "stream.au", "stream.caf"})
"""No sign says where these end, so that half of one cannot be told from the whole."""

SOX = ("wav", "aiff", "au", "caf", "w64", "voc", "flac", "ogg", "gsm", "wv")


def make_file(folder: Path, name: str, *options: str) -> Path:
    """Make one of ``FILES`` or ``STREAMS``, with more of ffmpeg's options."""
    if name in FILES:
        return recordings.make(folder, name, *FILES[name], *options)
    source = str(recordings.EXAMPLES / "lecture.mp4")
    command = ["ffmpeg", "-nostdin", "-v", "error", "-i", source, "-vn", *STREAMS[name]]
    return _piped([*command, *options, "-"], folder / name)


def make_by_sox(folder: Path, kind: str, *, piped: bool) -> Path:
    """Make a file of a kind by sox, or skip the test where there is none."""
    if shutil.which("sox") is None:
        pytest.skip("sox is not installed: apt-get install sox libsox-fmt-all")
    source = recordings.make(folder, "source.wav")
    path = folder / f"sox.{kind}"
    if piped:
        return _piped(["sox", str(source), "-t", kind, "-"], path)
    subprocess.run(["sox", str(source), str(path)], check=True, timeout=60, capture_output=True)
    return path


def _piped(command: list[str], path: Path) -> Path:
    # Not the file itself: a program would seek in it.
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True, timeout=60, stderr=-3)
    path.write_bytes(done.stdout)
    return path


def cut(path: Path, part: float) -> Path:
    """Leave the first part of a file, between two frames by no chance."""
    size = int(path.stat().st_size * part) | 1
    while size % 33 == 0:  # a frame of GSM
        size += 2
    data = path.read_bytes()[:size]
    made = path.with_name(f"{path.stem}-{part}{path.suffix}")
    made.write_bytes(data)
    return made
