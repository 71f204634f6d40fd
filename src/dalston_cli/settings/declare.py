"""The declaration of a setting: its type with what it accepts, and all that is shown of it.

Loads neither pydantic nor Typer: both are given what they need where they are used.
"""

from collections.abc import Callable, Iterator
from dataclasses import KW_ONLY, dataclass
from types import NoneType
from typing import TYPE_CHECKING, Annotated, Any, Literal, get_args, get_origin, get_type_hints

from dalston_cli.settings.values import split_list

if TYPE_CHECKING:
    from pydantic import GetCoreSchemaHandler
    from pydantic_core import CoreSchema

Completion = Literal["formats", "models", "pipelines"]
"""Values that a shell can complete."""


@dataclass(frozen=True)
class Accepts:
    """The rules for values of a type; stands in ``Annotated``, where pydantic finds it.

    Attributes:
        metavar: What help screens show for a value; None for the choices themselves.
        completion: What completes a value; None for nothing.
        split: Whether comma lists are split.
        check: Returns a value, or raises ValueError with what is wrong with it.
        ge, gt, le: Limits of a number.
        min_length: Of a text.
        finite: Whether infinity and NaN are refused.
    """

    metavar: str | None = None
    _: KW_ONLY
    completion: Completion | None = None
    split: bool = False
    check: Callable[[Any], Any] | None = None
    ge: float | None = None
    gt: float | None = None
    le: float | None = None
    min_length: int | None = None
    finite: bool = False

    def __get_pydantic_core_schema__(
        self,
        source: object,
        handler: "GetCoreSchemaHandler",
    ) -> "CoreSchema":
        """Build the schema that pydantic asks a type's metadata for."""
        from pydantic_core import core_schema  # noqa: PLC0415 - keeps `dalston --help` fast

        names = ("ge", "gt", "le", "min_length")
        limits = {name: limit for name in names if (limit := getattr(self, name)) is not None}
        if self.finite:
            limits["allow_inf_nan"] = False
        schema: Any = {**handler(source), **limits}
        if self.split:
            schema = core_schema.no_info_before_validator_function(split_list, schema)
        if self.check:
            schema = core_schema.no_info_after_validator_function(self.check, schema)
        return schema  # type: ignore[no-any-return]  # a schema with limits is a schema


@dataclass(frozen=True)
class Setting:
    """Everything about a setting but its name, its type and its default.

    Attributes:
        help: One or more sentences.
        example: A value other than the default, as a variable holds it.
        metavar: What help screens show for a value; None for what the type says.
        short: A second name of the option, such as ``-o``.
        negative: The option that turns a switch off; ``--no-…`` where it is empty.
        option: Whether there is an option on the command line.
        repeatable: Whether the option can be given several times.
        sets: The stage that gets the value as an option, ``STAGE`` or ``STAGE.FIELD`` where the
            stage calls it otherwise.
        needs: Settings without one of which this one has no effect.
    """

    help: str
    _: KW_ONLY
    example: str = ""
    metavar: str | None = None
    short: str = ""
    negative: str = ""
    option: bool = True
    repeatable: bool = False
    sets: str = ""
    needs: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Declaration:
    """One setting, as the table has it.

    Attributes:
        plain: Its type without None and without limits: what a command line understands.
        accepts: The rules for its values.
        panel: The group of options under which help screens show it.
    """

    name: str
    plain: Any
    accepts: Accepts
    default: object
    setting: Setting
    panel: str

    @property
    def values(self) -> str:
        """The form of a value: a metavar, or all choices."""
        if self.plain is bool:
            return "yes|no"
        return self.setting.metavar or self.accepts.metavar or "|".join(get_args(self.plain))

    @property
    def default_text(self) -> str:
        """The default as a person would write it; empty for none, and for a switch."""
        if isinstance(self.default, bool) or self.default in {None, ()}:
            return ""
        return f"{self.default:g}" if isinstance(self.default, float) else str(self.default)

    @property
    def help(self) -> str:
        """Its help, with the default."""
        default = self.default_text
        return f"{self.setting.help[:-1]} (default: {default})." if default else self.setting.help

    @property
    def stage_option(self) -> tuple[str, str] | None:
        """The stage that gets the value, and what it calls it."""
        stage, _, field = self.setting.sets.partition(".")
        return (stage, field or self.name) if stage else None


def option_name(setting: str) -> str:
    """Return the option of a setting: ``--beam-size`` for ``beam_size``."""
    return f"--{setting.replace('_', '-')}"


def variable_name(setting: str) -> str:
    """Return the environment variable of a setting: ``DALSTON_BEAM_SIZE`` for ``beam_size``."""
    return f"DALSTON_{setting.upper()}"


def declarations(group: type, panel: str) -> Iterator[Declaration]:
    """Read the settings that a class declares in its annotations."""
    for name, hint in get_type_hints(group, include_extras=True).items():
        setting = next(each for each in hint.__metadata__ if isinstance(each, Setting))
        plain, accepts = _plain(hint)
        yield Declaration(
            name=name,
            plain=plain,
            accepts=accepts or Accepts(),
            default=getattr(group, name),
            setting=setting,
            panel=panel,
        )


def _plain(hint: Any) -> tuple[Any, Accepts | None]:  # noqa: ANN401 - types have no type
    """Take None and ``Annotated`` away; the second is what the outermost ``Accepts`` says."""
    if get_origin(hint) is Annotated:
        plain, inner = _plain(hint.__origin__)
        own = (each for each in hint.__metadata__ if isinstance(each, Accepts))
        return plain, next(own, inner)
    parts = [part for part in get_args(hint) if part is not NoneType]
    if NoneType in get_args(hint):
        return _plain(parts[0])
    return hint, None
