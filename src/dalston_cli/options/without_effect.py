"""Settings that would have no effect: refused on the command line, warned of from elsewhere.

The table of settings says what each needs, and what takes its effect; nothing else is decided
here, so a new setting follows the same rule.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Literal, get_args, get_origin

from msgspec import Struct

from dalston_cli.amounts import count
from dalston_cli.audio.source import given_name
from dalston_cli.errors import UsageError
from dalston_cli.formats.registry import WRITERS
from dalston_cli.options.spelling import normal_name
from dalston_cli.pipeline.request import RecordingRequest
from dalston_cli.settings.language import DETECT
from dalston_cli.settings.load import ResolvedSettings
from dalston_cli.settings.table import TABLE
from dalston_cli.settings.table.stages import TELL_SPEAKERS_APART

_SPLIT = "split"
_FOR_THE_RUN = "for one recording: give the option for the whole run"
_NUMBERS = (int, float, tuple[float, ...])
_SWITCH_VALUES = frozenset({"yes", "no", "true", "false", "on", "off"})
_AGREES = {"pull": "never"}
"""Values that say what takes their effect says, too."""


class WithoutEffectError(UsageError):
    """An option was given that only counts beside another one."""

    code = "idle_option"

    def __init__(self, option: str, *needed: str) -> None:
        super().__init__(
            f"{option} does nothing without {_any_of(needed)}", hint=f"add {needed[0]}"
        )


class CounteractedError(UsageError):
    """An option was given whose effect another one takes."""

    code = "idle_option"

    def __init__(self, option: str, other: str) -> None:
        super().__init__(
            f"{option} does nothing with {other}", hint=f"leave {option} or {other} out"
        )


class GpusWithoutEffectError(UsageError):
    """GPUs were listed, and ``place`` (an option, a variable, a file) sets another device."""

    code = "idle_gpus"

    def __init__(self, device: str, place: str) -> None:
        super().__init__(
            f"--gpus does nothing where the device is {device} ({place})",
            hint="add --device cuda, or leave --gpus out",
        )


class Idle(Struct, frozen=True, kw_only=True):
    """A setting, or one value of a list, without effect.

    Attributes:
        name: Of the setting.
        option: As it is written on the command line.
        needed: Options without one of which it has none.
        other: The option that takes its effect; empty where ``needed`` says why.
    """

    name: str
    option: str
    needed: tuple[str, ...] = ()
    other: str = ""

    @property
    def label(self) -> str:
        """The setting as files and variables write it."""
        value = self.option.partition(" ")[2]
        return f"{self.name} = {value}" if value else self.name

    @property
    def why(self) -> str:
        """The reason, to follow "has no effect"."""
        return f"with {self.other}" if self.other else f"without {_any_of(self.needed)}"

    def error(self, resolved: ResolvedSettings) -> UsageError:
        """Return the error where it was given on the command line."""
        if self.name == "gpus":
            place = resolved.sources["device"].place
            return GpusWithoutEffectError(resolved.settings.device, place)
        if self.other:
            return CounteractedError(self.option, self.other)
        return WithoutEffectError(self.option, *self.needed)


def check_effects(
    resolved: ResolvedSettings,
    *,
    names: Iterable[str] = TABLE,
    formats: Sequence[str] = (),
    manifest: bool = False,
) -> tuple[str, ...]:
    """Make sure that every option of the command line has an effect.

    Args:
        resolved: Every setting's value, with its source.
        names: The settings that the command goes by.
        formats: The formats that are written.
        manifest: Recordings may come with channels of their own.

    Returns:
        For the settings of each file or variable that have none, a sentence. What a pipeline
        suggests may have none.

    Raises:
        WithoutEffectError, CounteractedError, GpusWithoutEffectError: An option has none.
    """
    values = facts(resolved, formats)
    if manifest:
        values["channels"] = _SPLIT
    idle: dict[tuple[str, str], list[str]] = {}
    for each in without_effect(names, values):
        source, default = resolved.sources[each.name], TABLE[each.name].default
        if source.kind == "option":
            raise each.error(resolved)
        if source.kind != "pipeline" and getattr(resolved.settings, each.name) != default:
            idle.setdefault((source.place, each.why), []).append(each.label)
    return tuple(no_effect(options, place, why) for (place, why), options in idle.items())


def manifest_notes(
    recordings: Iterable[RecordingRequest],
    resolved: ResolvedSettings,
    formats: Sequence[str],
    manifest: str,
) -> Iterator[str]:
    """Yield a sentence for each column of a manifest that has no effect in some of its rows.

    A column of the user's own is one of them if its name is a setting's and its values could be,
    too: ``task`` with ``translate``, but not ``title`` with ``A talk``.
    """
    values = facts(resolved, formats)
    rows: Counter[tuple[str, str]] = Counter()
    for one in recordings:
        own = {name: value for name, value in asdict(one.overrides).items() if value is not None}
        rows.update((each.name, each.why) for each in without_effect(own, values | own))
        rows.update((name, _FOR_THE_RUN) for name, value in one.columns if _is_setting(name, value))
    for (name, why), times in rows.items():
        place = f"{given_name(manifest)}, {count(times, 'row')}"
        yield no_effect([name], place, why)


def _is_setting(column: str, value: object) -> bool:
    """Return True if a column looks like a setting, which holds for all recordings of a run."""
    setting = TABLE.get(normal_name(column.lower()).replace("-", "_"))
    if setting is None or not setting.option:
        return False
    text = str(value).strip().lower()
    if setting.type is bool:
        return text in _SWITCH_VALUES
    if get_origin(setting.type) is Literal:
        return text in get_args(setting.type)
    return setting.type in _NUMBERS and _is_number(text)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def no_effect(options: Sequence[str], place: str, why: str) -> str:
    """Return the sentence about options of one place without effect for one reason."""
    return (
        f"{', '.join(options)} ({place}) {'has' if len(options) == 1 else 'have'} no effect {why}"
    )


def facts(resolved: ResolvedSettings, formats: Sequence[str]) -> dict[str, object]:
    """Return the values that conditions are about, by setting."""
    values = {name: getattr(resolved.settings, name) for name in TABLE}
    values["output_format"] = tuple(formats)
    if values["language"] == DETECT:
        values["language"] = None
    return values


def without_effect(names: Iterable[str], values: Mapping[str, object]) -> Iterator[Idle]:
    """Yield those of the settings that have no effect beside the other values."""
    for name in names:
        one = TABLE[name]
        if name in _AGREES and values[name] == _AGREES[name]:
            continue
        if one.needs and not any(holds(need, values) for need in one.needs):
            yield Idle(name=name, option=one.flag, needed=tuple(map(_option, one.needs)))
        elif taken := next((each for each in one.idle_with if holds(each, values)), ""):
            yield Idle(name=name, option=one.flag, other=_option(taken))
        if name == "output_format":
            yield from _formats_without_speakers(values)


def _formats_without_speakers(values: Mapping[str, object]) -> Iterator[Idle]:
    if any(holds(need, values) for need in TELL_SPEAKERS_APART):
        return
    needed = tuple(map(_option, TELL_SPEAKERS_APART))
    for name, writer in WRITERS.items():
        if writer.needs_speakers and holds(f"output_format={name}", values):
            yield Idle(name="output_format", option=f"-f {name}", needed=needed)


def holds(condition: str, values: Mapping[str, object]) -> bool:
    """Return True if a condition of the table of settings holds; see ``Setting.needs``."""
    name, _, wanted = condition.partition("=")
    value = values[name]
    if not wanted:
        return bool(value)
    if value is None or isinstance(value, bool):
        return wanted == "no" and value is False
    if name == "output_format" and isinstance(value, tuple):
        return wanted in value
    texts = [_written(part) for part in (value if isinstance(value, tuple) else (value,))]
    if wanted.endswith(":"):
        return any(text.startswith(wanted) for text in texts)
    return bool(texts) and all(text == wanted for text in texts)


def _written(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def _option(condition: str) -> str:
    """Return a condition as the option that would make it hold."""
    name, _, wanted = condition.partition("=")
    one = TABLE[name]
    if one.type is bool:
        return one.flag if not wanted else one.negative or one.flag.replace("--", "--no-", 1)
    if name == "output_format":
        return f"{one.short} {wanted}"
    return f"{one.flag} {wanted}".rstrip()


def _any_of(options: Sequence[str]) -> str:
    *first, last = options
    return f"{', '.join(first)} or {last}" if first else last
