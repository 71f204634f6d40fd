"""Findings of decoding: reasons to refuse a recording, and warnings about one that was decoded."""

import math
from collections.abc import Iterator

from msgspec import Struct

from dalston_cli.amounts import duration
from dalston_cli.audio import errors
from dalston_cli.audio.clip import Clip
from dalston_cli.audio.container import OpenRecording
from dalston_cli.audio.level import Level
from dalston_cli.audio.mixing import Mixer
from dalston_cli.audio.own_speech import OwnSpeech
from dalston_cli.audio.request import CUT_OFF, ONLY_PARTS, OTHER_TRACKS, WANTED_TRACK
from dalston_cli.audio.resample import Resampler
from dalston_cli.audio.timeline import Timeline
from dalston_cli.audio.tracks import MAIN, TrackWish, speaking
from dalston_cli.audio.wav import SAMPLE_RATE
from dalston_sdk.wire import Notice

MIN_DURATION_S = 0.05
"""Less sound than this cannot hold a word."""

_ODD_JUMP_S = 10.0
_MOST_CHANNELS = 64
_SHOWN_S = 0.05
"""Messages name no shorter time, and no smaller difference."""

_SHORT_S = 1.0
_SHORT_SHARE = 0.02


class Counts(Struct, kw_only=True):
    """Numbers of packets and errors, and the largest absolute values.

    Attributes:
        peak: Of what was written, as PCM16.
        loudest: Of all channels, whether they were wanted or not; 1 is full scale.
    """

    num_packets: int = 0
    num_errors: int = 0
    reason: str = ""
    peak: int = 0
    loudest: float = 0.0

    def add(self, error: Exception) -> None:
        """Count one more packet that could not be read or decoded; the first reason is kept."""
        self.num_errors += 1
        self.reason = self.reason or str(getattr(error, "strerror", None) or error)


class Decoding(Struct, frozen=True, kw_only=True):
    """One recording that is being decoded, and the parts that do it.

    Attributes:
        clip: The part that is wanted; all of it by default.
        wish: What is known of the audio track that is wanted.
    """

    recording: OpenRecording
    clip: Clip
    timeline: Timeline
    resampler: Resampler
    counts: Counts
    mixer: Mixer
    level: Level
    own_speech: OwnSpeech
    wish: TrackWish = MAIN


def check_enough(decoding: Decoding, num_samples: int) -> None:
    """Refuse what holds no usable sound."""
    name, clip, counts = decoding.recording.name, decoding.clip, decoding.counts
    if num_samples == 0:
        end_s = max(decoding.timeline.position_s, decoding.recording.declared.end_s or 0.0)
        if clip.start and end_s and clip.start >= end_s:
            raise errors.ClipOutsideError(name, clip.start, end_s)
        if counts.num_errors:
            raise errors.CorruptError(name, counts.num_errors, counts.reason)
        raise errors.NoSamplesError(name)
    if decoding.resampler.num_non_finite and counts.peak == 0:
        raise errors.NonFiniteSamplesError(name)
    if num_samples < MIN_DURATION_S * SAMPLE_RATE:
        too_short = errors.TooShortError if clip == Clip() else errors.ClipTooShortError
        raise too_short(name, num_samples / SAMPLE_RATE, MIN_DURATION_S)


def notices(decoding: Decoding) -> Iterator[Notice]:
    """Yield warnings about a recording that could be decoded."""
    recording, timeline = decoding.recording, decoding.timeline
    cut = _cut_off(decoding)
    yield from _damage(decoding, is_cut=cut is not None)
    if cut is not None:
        yield _notice(CUT_OFF, cut)
    elif recording.lacks_end_mark() and not timeline.is_past_clip:
        yield _notice(
            "no_end_mark",
            "the last page is whole, but not marked as the last: written by a program that marks "
            "none, as Android's does, or without its end",
        )
    yield from _wrong_header(recording)
    yield from _odd_clock(timeline)
    yield from _odd_sound(decoding)
    yield from _odd_clip(decoding)
    if len(recording.tracks) > 1:
        yield _track(recording, decoding.wish)


def _damage(decoding: Decoding, *, is_cut: bool) -> Iterator[Notice]:
    """Yield a warning of packets that could not be decoded; not of one that is cut in two."""
    counts, silence_s = decoding.counts, decoding.timeline.silence_s
    has_gap = silence_s >= _SHOWN_S
    if not counts.num_errors or (is_cut and counts.num_errors == 1 and not has_gap):
        return
    gap = f"; {silence_s:.2f} s of silence stand in their place" if has_gap else ""
    yield _notice(
        "damaged_audio",
        f"{counts.num_errors} of {counts.num_packets} packets could not be decoded "
        f"({counts.reason}){gap}",
    )


def _odd_sound(decoding: Decoding) -> Iterator[Notice]:
    """Yield what is odd about the samples."""
    counts = decoding.counts
    if lost := decoding.resampler.num_non_finite:
        yield _notice(
            "non_finite_samples", f"{lost} samples were not a number or infinite and became silence"
        )
    if (change := decoding.level.change()) is not None:
        yield _notice("unusual_level", change)
    if counts.peak == 0:
        yield _notice("silent_audio", _silence(decoding))
    if replaced := decoding.mixer.replaced:
        yield _mix_notice(decoding.mixer, replaced)


def _odd_clip(decoding: Decoding) -> Iterator[Notice]:
    """Yield which parts were read, where there are several, and which have nothing in them."""
    if decoding.clip.gaps:
        yield _notice(ONLY_PARTS, f"only these parts, in seconds, were read: {decoding.clip}")
    ends_s = decoding.timeline.position_s
    if beyond := [f"{start:g}" for start, _ in decoding.clip.parts if start >= ends_s]:
        yield _notice(
            "clip_outside",
            f"the parts of --clip that begin at {', '.join(beyond)} s have nothing in them: the"
            f" recording ends at {ends_s:.2f} s",
        )


def _track(recording: OpenRecording, wish: TrackWish) -> Notice:
    """Say which audio track was taken, and why."""
    number, tracks = recording.track, recording.tracks
    tagged = f" ({tracks[number]})" if tracks[number] else ""
    taken = f"audio track {number}{tagged} of {len(tracks)} was taken"
    if wish.track is not None and not (
        isinstance(wish.track, str) and len(speaking(tracks, wish.track)) > 1
    ):
        return _notice(WANTED_TRACK, f"{taken}, as --audio-track says")
    if wish.track is not None:
        reason = "the main one that --audio-track may mean"
    elif wish.language and number in speaking(tracks, wish.language):
        reason = f"for the language {wish.language}"
    else:
        reason = "the main one"
    return _notice(OTHER_TRACKS, f"{taken}, {reason}; --audio-track takes another one, or all")


def _silence(decoding: Decoding) -> str:
    """Say what is silent: no more than was decoded."""
    if decoding.counts.loudest == 0:
        only_part = decoding.clip != Clip() or len(decoding.recording.container.streams.audio) > 1
        return "what was decoded is silent" if only_part else "the audio is silent throughout"
    decibels = 20 * math.log10(decoding.counts.loudest)
    return (
        "what was decoded is silent, yet the recording is not: its loudest sample is at "
        f"{decibels:.0f} dB of full scale; --channels split transcribes every channel"
    )


def _mix_notice(mixer: Mixer, replaced: dict[int, float]) -> Notice:
    total_s = sum(replaced.values())
    taken = " and ".join(
        f"channel {channel} alone ({seconds:.2f} s)" for channel, seconds in replaced.items()
    )
    return Notice(
        code="channels_cancel",
        message=f"mixed, the channels cancel each other out in {total_s:.2f} s of "
        f"{mixer.num_samples / SAMPLE_RATE:.2f} s; there {taken} was taken",
        stage="prepare",
        start=mixer.first_s,
        end=mixer.last_s,
    )


def _wrong_header(recording: OpenRecording) -> Iterator[Notice]:
    """Yield what a header says that cannot be right."""
    chunk = recording.chunk
    if chunk is not None and chunk.undeclared:
        yield _notice(
            "wrong_header",
            f"the header declares {chunk.declared:,} bytes of sound and the file holds "
            f"{chunk.end - chunk.start:,}: all of them were read",
        )
    if chunk is not None and chunk.is_followed:
        yield _notice(
            "another_recording", "another recording follows in the same file and was not read"
        )
    if recording.num_channels > _MOST_CHANNELS:
        yield _notice(
            "wrong_header",
            f"the header claims {recording.num_channels} channels: it is probably damaged",
        )


def _odd_clock(timeline: Timeline) -> Iterator[Notice]:
    """Yield what a recording's time stamps say that recordings rarely do."""
    if timeline.pauses:
        total_s = sum(pause.length_s for pause in timeline.pauses)
        yield _notice(
            "long_pause",
            f"the recording's clock goes on for {duration(total_s)} in which there is no sound; "
            "all times are the clock's",
        )
    if timeline.ignored_s > _ODD_JUMP_S:
        yield _notice(
            "time_stamps",
            f"the recording's clock jumps ahead by {duration(timeline.ignored_s)}, beyond its end; "
            "the jump was ignored, so that times may differ from other players'",
        )


def _cut_off(decoding: Decoding) -> str | None:
    """Return why the end of what is wanted seems to be missing; None where it is there."""
    recording, timeline = decoding.recording, decoding.timeline
    if timeline.is_past_clip:
        return None
    declared, end_s = recording.declared, timeline.position_s
    told = ""  # what a library derives from what is left of a file is no declaration
    if declared.end_s is not None and declared.end_s - end_s >= _SHOWN_S:
        told = f", yet the file declares {declared.end_s:.2f} s"
    if (sign := recording.missing_end()) is not None:
        return f"the file was cut off: {sign}; the audio ends at {end_s:.2f} s{told}"
    if declared.end_s is None or not declared.is_counted:
        return None
    expected_s = min(decoding.clip.end or declared.end_s, declared.end_s)
    if expected_s - end_s <= max(_SHORT_S, _SHORT_SHARE * expected_s):
        return None
    return f"the audio ends at {end_s:.2f} s{told}: it was probably cut off"


def _notice(code: str, message: str) -> Notice:
    return Notice(code=code, message=message, stage="prepare")
