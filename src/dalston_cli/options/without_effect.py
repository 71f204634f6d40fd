"""Options that would have no effect: refused on the command line, ignored in the settings."""

from dalston_cli.catalog.device import chosen_gpus
from dalston_cli.errors import UsageError
from dalston_cli.settings.load import ResolvedSettings
from dalston_cli.settings.table import TABLE


class WithoutEffectError(UsageError):
    """An option was given that only counts beside another one."""

    code = "idle_option"

    def __init__(self, option: str, needed: str) -> None:
        super().__init__(f"{option} does nothing without {needed}", hint=f"add {needed}")


class GpusWithoutEffectError(UsageError):
    """GPUs were listed, and ``place`` (an option, a variable, a file) sets another device."""

    code = "idle_gpus"

    def __init__(self, device: str, place: str) -> None:
        super().__init__(
            f"--gpus does nothing where the device is {device} ({place})",
            hint="add --device cuda, or leave --gpus out",
        )


def refuse_without_effect(resolved: ResolvedSettings, *, manifest: bool = False) -> None:
    """Make sure that every option of the command line has an effect; settings may have none.

    Args:
        resolved: Every setting's value, with its source.
        manifest: Recordings may come with channels of their own.

    Raises:
        WithoutEffectError: An option belongs to a stage that was not asked for, or names speakers
            where none are told apart.
        GpusWithoutEffectError: GPUs are listed that do not count.
    """
    settings, sources = resolved.settings, resolved.sources
    for name, one in TABLE.items():
        given = sources[name].kind == "option"
        if given and one.needs and not any(getattr(settings, need) for need in one.needs):
            raise WithoutEffectError(one.flag, TABLE[one.needs[0]].flag)
    told_apart = settings.diarize or settings.channels == "split" or manifest
    if sources["speaker_names"].kind == "option" and not told_apart:
        raise WithoutEffectError("--speaker-names", "--diarize")
    refuse_gpus_without_effect(resolved)


def refuse_gpus_without_effect(resolved: ResolvedSettings) -> None:
    """Make sure that ``--gpus``, if it was given, counts.

    Raises:
        GpusWithoutEffectError: The device is the CPU, or one GPU by its number.
    """
    settings, sources = resolved.settings, resolved.sources
    given = sources["gpus"].kind == "option" and settings.gpus
    if given and not chosen_gpus(settings.device, settings.gpus):
        raise GpusWithoutEffectError(settings.device, sources["device"].place)
