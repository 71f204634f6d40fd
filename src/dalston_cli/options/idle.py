"""Options that would do nothing: refused on the command line, let be in the settings."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from dalston_cli.catalog.device import chosen_gpus
from dalston_cli.errors import UsageError
from dalston_cli.stages.refine import OVERVIEW_FIELDS

if TYPE_CHECKING:
    from dalston_cli.settings.load import ResolvedSettings

_OF_STAGE = {
    "diarize": ("num_speakers", "min_speakers", "max_speakers", "diarize_model"),
    "emotion": ("emotion_threshold", "emotion_model"),
    "events": ("events_threshold", "event_labels", "min_event_ms", "events_model"),
    "refine": ("refine_level",),
}
_OF_LANGUAGE_MODELS = ("glossary", "max_cost", "refine_batch", "refine_model")


class IdleOptionError(UsageError):
    """An option was given that only counts beside another one."""

    code = "idle_option"

    def __init__(self, option: str, needed: str) -> None:
        super().__init__(f"{option} does nothing without {needed}", hint=f"add {needed}")


class IdleGpusError(UsageError):
    """GPUs were listed, and the device is another.

    Args:
        device: The device.
        place: Who says so: an option, a variable or a file.
    """

    code = "idle_gpus"

    def __init__(self, device: str, place: str) -> None:
        super().__init__(
            f"--gpus does nothing where the device is {device} ({place})",
            hint="add --device cuda, or leave --gpus out",
        )


def refuse_idle_options(resolved: "ResolvedSettings", *, manifest: bool = False) -> None:
    """Make sure that no option of the command line is given in vain; settings may be.

    Args:
        resolved: The settings.
        manifest: Whether recordings may come with channels of their own.

    Raises:
        IdleOptionError: One belongs to a stage that was not asked for, or names speakers that
            nobody tells apart.
        IdleGpusError: GPUs are listed that do not count.
    """
    for stage, names in _OF_STAGE.items():
        _refuse_without(resolved, names, (stage,))
    _refuse_without(resolved, _OF_LANGUAGE_MODELS, ("refine", *OVERVIEW_FIELDS))
    settings, sources = resolved.settings, resolved.sources
    told_apart = settings.diarize or settings.channels == "split" or manifest
    if sources["speaker_names"].kind == "option" and not told_apart:
        raise IdleOptionError("--speaker-names", "--diarize")
    refuse_idle_gpus(resolved)


def _refuse_without(
    resolved: "ResolvedSettings", names: Sequence[str], stages: Sequence[str]
) -> None:
    """Each of ``names`` needs one of ``stages``, and the first of these is proposed."""
    if any(getattr(resolved.settings, stage) for stage in stages):
        return
    for name in names:
        if resolved.sources[name].kind == "option":
            raise IdleOptionError(f"--{name.replace('_', '-')}", f"--{stages[0]}")


def refuse_idle_gpus(resolved: "ResolvedSettings") -> None:
    """Make sure that ``--gpus``, if it was given, counts.

    Raises:
        IdleGpusError: The device is the CPU, or one GPU by its number.
    """
    settings, sources = resolved.settings, resolved.sources
    given = sources["gpus"].kind == "option" and settings.gpus
    if given and not chosen_gpus(settings.device, settings.gpus):
        raise IdleGpusError(settings.device, sources["device"].place)
