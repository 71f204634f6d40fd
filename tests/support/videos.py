"""Small videos with a picture that moves and a tone, made by PyAV."""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np

RATE = 10
"""Frames a second."""
SIZE = (320, 240)
_SAMPLE_RATE = 48_000
_CODECS = {".webm": ("libvpx", "libopus")}


def make_video(
    path: Path, *, seconds: int = 6, chapters: bool = False, offset_s: int = 0, codec: str = ""
) -> Path:
    """Write a video; its ending says which container it is in, ``offset_s`` where it begins."""
    path.parent.mkdir(parents=True, exist_ok=True)
    video_codec, audio_codec = _CODECS.get(path.suffix, ("mpeg4", "aac"))
    video_codec = codec or video_codec
    with av.open(str(path), "w") as container:
        container.metadata["title"] = "A film"
        video = container.add_stream(video_codec, rate=RATE)
        assert isinstance(video, av.VideoStream)
        video.width, video.height = SIZE
        video.pix_fmt = "yuv420p"
        if codec == "libx265":
            video.codec_context.codec_tag, video.options = "hvc1", {"x265-params": "log-level=0"}
        audio = container.add_stream(audio_codec, rate=_SAMPLE_RATE)
        assert isinstance(audio, av.AudioStream)
        audio.metadata["language"] = "fra"
        if chapters:
            container.set_chapters([_chapter(0, 0, 2, "Doors"), _chapter(1, 2, seconds, "Garden")])
        for number in range(seconds * RATE):
            picture = np.full((SIZE[1], SIZE[0], 3), 60, dtype=np.uint8)
            picture[10:40, number : number + 30] = 200
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts = number + offset_s * RATE
            container.mux(video.encode(frame))
        times = np.arange(seconds * _SAMPLE_RATE) / _SAMPLE_RATE
        tone = (np.sin(times * 2 * np.pi * 440) * 3000).astype(np.int16)
        sound = av.AudioFrame.from_ndarray(np.stack([tone, tone]).T.reshape(1, -1), layout="stereo")
        sound.sample_rate, sound.pts = _SAMPLE_RATE, offset_s * _SAMPLE_RATE
        resampler = av.AudioResampler(
            format=audio.format.name,
            layout="stereo",
            rate=_SAMPLE_RATE,
            frame_size=audio.frame_size,
        )
        for part in (*resampler.resample(sound), *resampler.resample(None)):
            container.mux(audio.encode(part))
        container.mux(video.encode(None))
        container.mux(audio.encode(None))
    return path


def _chapter(number: int, start: int, end: int, title: str) -> "av.container.core.Chapter":
    return {
        "id": number,
        "start": start,
        "end": end,
        "time_base": Fraction(1),
        "metadata": {"title": title},
    }
