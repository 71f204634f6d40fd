"""From the options of other tools to the settings that mean the same, and notes about the rest."""

from collections.abc import Callable, Mapping
from pathlib import Path

from msgspec import Struct

from dalston_cli.errors import UsageError
from dalston_cli.options.dialects.table import WITHOUT_EFFECT
from dalston_cli.options.parameters import Flags
from dalston_cli.options.spelling import AS_NONE
from dalston_cli.settings.table import TABLE
from dalston_cli.settings.values import split_list

_HIGHEST_TEMPERATURE = 1.0
_BATCH_SIZE = 8
"""That of whisper-ctranslate2 with ``--batched True``."""

_NONE = "None"


class DialectValueError(UsageError):
    """An option of another tool has a value that the tool would refuse, too."""

    code = "dialect_value"

    def __init__(self, option: str, value: str, meaning: str) -> None:
        super().__init__(
            f"--{option} {value!r} should be {meaning}",
            hint="see: dalston transcribe --help-all",
        )


class Translation(Struct, kw_only=True):
    """The options of a command line, in Dalston's terms.

    Attributes:
        flags: Values by setting.
        notes: Sentences about options that change nothing.
        models_dir: The folder of pulled models; None for that of the environment.
        hub_token: The token for the hub; None for that of the environment.
        colour_words: Text that is shown as it comes has the colours of the words' confidences.
    """

    flags: dict[str, object]
    notes: list[str] = []
    models_dir: Path | None = None
    hub_token: str | None = None
    colour_words: bool = False

    def note(self, option: str, why: str) -> None:
        """Say that an option changes nothing."""
        self.notes.append(f"--{option} has no effect: {why}")

    def set(self, option: str, setting: str, value: object) -> None:
        """Set what an option means, unless the setting's own option is given, too."""
        if self.given(setting):
            self.note(option, f"{TABLE[setting].flag} is given, too")
        else:
            self.flags[setting] = value

    def given(self, setting: str) -> bool:
        """Return True if the setting's own option is on the command line."""
        return self.flags.get(setting) not in (None, [])


def translate(flags: Flags, theirs: Mapping[str, object]) -> Translation:
    """Translate what was given in the dialect of another tool.

    Args:
        flags: Options of ours by setting.
        theirs: Options of other tools by name; None, or an empty list, for those not given.

    Raises:
        DialectValueError: A value is impossible.
    """
    found = Translation(flags=dict(flags))
    if found.flags.get("compute_type") in {"auto", "default"}:
        found.flags["compute_type"] = None
    for name, value in theirs.items():
        if value in (None, [], False):
            continue
        if name == AS_NONE:
            _leave_to_engine(found, value)
        elif name in WITHOUT_EFFECT:
            found.note(name, WITHOUT_EFFECT[name])
        else:
            _TRANSLATORS[name](found, name, str(value))
    return found


def _leave_to_engine(found: Translation, names: object) -> None:
    for name in names if isinstance(names, list | tuple) else ():
        found.note(f"{name} {_NONE}", "what is not given is left to Dalston and the engine")


def _fp16(found: Translation, option: str, value: str) -> None:
    if _is_true(option, value):
        found.note(f"{option} True", "engines take 16 bits or less by themselves where they can")
    else:
        found.set(option, "compute_type", "float32")


def _batched(found: Translation, option: str, value: str) -> None:
    if not _is_true(option, value):
        if found.given("batch_size"):
            found.note("batch_size", f"--{option} False is given, too")
        found.flags["batch_size"] = 1
    elif not found.given("batch_size"):
        found.flags["batch_size"] = _BATCH_SIZE


def _device_index(found: Translation, option: str, value: str) -> None:
    numbers = split_list(value)
    if not isinstance(numbers, tuple) or not all(each.isdecimal() for each in numbers):
        raise DialectValueError(option, value, "the number of a GPU, from 0")
    match found.flags.get("device"):
        case "cuda" if len(numbers) == 1:
            found.flags["device"] = f"cuda:{numbers[0]}"
        case "cuda":
            found.set(option, "gpus", value)
        case None | "auto" if numbers == ("0",):
            found.note(f"{option} 0", "the best GPU is taken; --device cuda:0 takes this one")
        case None | "auto":
            found.set(option, "gpus", value)
        case device:
            found.note(option, f"the device is {device}")


def _offline(found: Translation, option: str, value: str) -> None:
    if _is_true(option, value):
        found.set(option, "offline", True)  # noqa: FBT003 - the value of a switch


def _hf_token(found: Translation, option: str, value: str) -> None:
    found.hub_token = value
    found.notes.append(
        f"--{option} shows the token to every user of this machine: export HF_TOKEN instead"
    )


def _model_dir(found: Translation, _: str, value: str) -> None:
    if value != _NONE:
        found.models_dir = Path(value).expanduser().absolute()


def _model_directory(found: Translation, option: str, value: str) -> None:
    if value == _NONE:
        return
    if found.given("model"):
        found.note("model", f"--{option} is given, too")
    found.flags["model"] = value


def _print_colors(found: Translation, option: str, value: str) -> None:
    found.colour_words = _is_true(option, value)


def _no_align(found: Translation, option: str, _: str) -> None:
    found.set(option, "align", "never")


def _clip_timestamps(found: Translation, option: str, value: str) -> None:
    times = _numbers(option, value, "a list of seconds: start,end,start,end…")
    if times == (0.0,):  # Whisper's default: everything
        return
    ends = (*times[1::2], *([None] if len(times) % 2 else []))
    parts = zip(times[::2], ends, strict=True)
    text = ",".join(f"{_plain(start)}-{'' if end is None else _plain(end)}" for start, end in parts)
    found.set(option, "clip", text)


def _temperature_increment(found: Translation, option: str, value: str) -> None:
    listed = found.flags.get("temperature") or ["0"]
    texts = split_list(listed)
    first = _numbers("temperature", ",".join(map(str, texts)), "a number from 0 to 1")  # type: ignore[call-overload]  # a tuple
    if len(first) > 1:
        found.note(option, "--temperature has the whole list")
        return
    steps = [first[0]]
    if value != _NONE:
        increment = _numbers(option, value, "a number above 0")
        if len(increment) != 1 or not increment[0] > 0:
            raise DialectValueError(option, value, "a number above 0")
        most = round((_HIGHEST_TEMPERATURE - first[0]) / increment[0], 6)
        steps += [round(first[0] + n * increment[0], 6) for n in range(1, int(most) + 1)]
    found.flags["temperature"] = [f"{step:g}" for step in steps]


def _is_true(option: str, value: str) -> bool:
    if value.lower() not in {"true", "false"}:
        raise DialectValueError(option, value, "True or False")
    return value.lower() == "true"


def _numbers(option: str, value: str, meaning: str) -> tuple[float, ...]:
    try:
        found = tuple(float(each) for each in value.split(","))
    except ValueError:
        raise DialectValueError(option, value, meaning) from None
    if any(not 0 <= each < float("inf") for each in found):
        raise DialectValueError(option, value, meaning)
    return found


def _plain(seconds: float) -> str:
    return f"{seconds:.6f}".rstrip("0").rstrip(".")


_TRANSLATORS: Mapping[str, Callable[[Translation, str, str], None]] = {
    "batched": _batched,
    "clip_timestamps": _clip_timestamps,
    "device_index": _device_index,
    "fp16": _fp16,
    "hf_token": _hf_token,
    "local_files_only": _offline,
    "model_cache_only": _offline,
    "model_dir": _model_dir,
    "model_directory": _model_directory,
    "no_align": _no_align,
    "print_colors": _print_colors,
    "temperature_increment_on_fallback": _temperature_increment,
}
