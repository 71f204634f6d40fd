"""The keys of a job's results: of decoded audio and of stages."""

from functools import cache

from dalston_cli.audio.channels import Channels
from dalston_cli.audio.clip import Clip
from dalston_cli.audio.tracks import Track
from dalston_cli.catalog.installed_packages import installed_version
from dalston_cli.pipeline.plan.model import StagePlan
from dalston_cli.pipeline.records.keys import make_key

PREPARE_VERSION = 1
"""Raised when decoding changes the audio."""


def prepare_key(
    digest: str, channels: Channels, clip: Clip | None, track: Track | None = None
) -> str:
    """Return the key of decoded audio: of all that decides it, or why it cannot be had."""
    return make_key(
        "prepare",
        version=PREPARE_VERSION,
        decoder=_decoder_version(),
        recording=digest,
        channels=channels,
        clip=clip.key if clip else None,
        **({} if track is None else {"track": track}),
    )


def stage_key(plan: StagePlan, audio_digest: str, upstream: tuple[str, ...] = ()) -> str:
    """Return the key of a stage's result: of all that decides it.

    ``audio_digest`` is empty for a stage without audio; ``upstream`` is that of ``Stage``.
    """
    return make_key("stage", **plan.identity(), audio=audio_digest, upstream=upstream)


@cache
def _decoder_version() -> str:
    found = installed_version("av")
    if found is None:
        raise AssertionError("av is a dependency, and is not installed")
    return found
