"""The declaration of settings: classes whose fields are made by kinds of values.

Loads neither pydantic nor Typer: both are given what they need where they are used.
"""

from collections.abc import Callable
from dataclasses import KW_ONLY, dataclass, replace
from types import NoneType
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeVar, get_args, get_type_hints

from dalston_cli.settings.values import split_list

if TYPE_CHECKING:
    from pydantic import GetCoreSchemaHandler
    from pydantic_core import CoreSchema

Completion = Literal["formats", "models", "pipelines"]
"""Values that a shell can complete."""

Group = TypeVar("Group")

_SETTINGS = "__settings__"
_LARGEST = 2**63 - 1
"""The limit of a whole number that has no other: TOML and engines take 64 bits."""


@dataclass(frozen=True)
class Kind:
    """A kind of value: called, it declares a setting; in ``Annotated``, pydantic finds its rules.

    Attributes:
        metavar: The word for a value on help screens; None for the choices themselves.
        completion: The completion of a value, if any.
        split: True to split comma lists.
        check: Returns a value, or raises ValueError with what is wrong with it.
        ge, gt, le: Limits of a number, or of each in a list.
        min_length: Of a text, or of each in a list.
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

    def __call__(self, help: str, default: object = None, **details: Any) -> Any:  # noqa: A002, ANN401 - a field's value may be of any type
        """Declare a setting of this kind.

        Args:
            help: One or more sentences.
            default: None leaves the choice to the model and the engine, or to the run.
            details: Other fields of ``Setting``.
        """
        return Setting(kind=self, help=help, default=default, **details)

    def __get_pydantic_core_schema__(
        self, source: object, handler: "GetCoreSchemaHandler"
    ) -> "CoreSchema":
        """Build the schema that pydantic asks a type's metadata for."""
        from pydantic_core import core_schema  # noqa: PLC0415 - keeps `dalston --help` fast

        schema: CoreSchema = self._checked(self._limited(handler(source)))
        if self.split:
            schema = core_schema.no_info_before_validator_function(split_list, schema)
        return schema

    def _checked(self, schema: Any) -> Any:  # noqa: ANN401 - a union of 50 types
        """Return the schema with the check of a value that is not None."""
        from pydantic_core import core_schema  # noqa: PLC0415 - keeps `dalston --help` fast

        if self.check is None:
            return schema
        if schema["type"] == "nullable":
            return schema | {"schema": self._checked(schema["schema"])}
        return core_schema.no_info_after_validator_function(self.check, schema)

    def _limited(self, schema: Any) -> Any:  # noqa: ANN401 - a union of 50 types
        """Return the schema with limits on the value, or on each value of a list."""
        if schema["type"] == "nullable":
            return schema | {"schema": self._limited(schema["schema"])}
        if schema["type"] == "tuple":
            return schema | {
                "items_schema": [self._limited(each) for each in schema["items_schema"]]
            }
        names = ("ge", "gt", "le", "min_length")
        limits = {name: limit for name in names if (limit := getattr(self, name)) is not None}
        if schema["type"] == "int":
            limits = {"ge": -_LARGEST, "le": _LARGEST} | limits
        return schema | limits | ({"allow_inf_nan": False} if schema["type"] == "float" else {})


@dataclass(frozen=True, kw_only=True)
class Setting:
    """Everything about a setting.

    Attributes:
        help: One or more sentences.
        example: A value other than the default, as a variable holds it.
        metavar: The word for a value on help screens; None for the kind's.
        short: A second name of the option, such as ``-o``.
        negative: The option that turns a switch off; ``--no-…`` where it is empty.
        option: True if there is an option on the command line.
        everyday: True if ``--help`` shows the option; ``--help-all`` shows every one.
        sets: The stage that gets the value as an option, ``STAGE`` or ``STAGE.FIELD`` where the
            stage has another name for it; None for the group's stage.
        needs: Conditions without one of which it has no effect: ``NAME`` of a setting that has to
            be set, ``NAME=VALUE``, or ``NAME=no`` of a switch that has to be off.
        idle_with: Conditions, written the same, with one of which it has no effect.
        name, panel, type: Filled in by the group: the panel of help screens that shows it, and the
            type without None.
    """

    kind: Kind
    help: str
    default: object
    example: str = ""
    metavar: str | None = None
    short: str = ""
    negative: str = ""
    option: bool = True
    everyday: bool = False
    sets: str | None = None
    needs: tuple[str, ...] = ()
    idle_with: tuple[str, ...] = ()
    name: str = ""
    panel: str = ""
    type: Any = None

    @property
    def flag(self) -> str:
        """The option: ``--beam-size`` for ``beam_size``."""
        return f"--{self.name.replace('_', '-')}"

    @property
    def variable(self) -> str:
        """The environment variable: ``DALSTON_BEAM_SIZE`` for ``beam_size``."""
        return f"DALSTON_{self.name.upper()}"

    @property
    def values(self) -> str:
        """The form of a value: a metavar, or all choices."""
        if self.type is bool:
            return "yes|no"
        return self.metavar or self.kind.metavar or "|".join(get_args(self.type))

    @property
    def default_text(self) -> str:
        """The default as a person would write it; empty for none, and for a switch."""
        if isinstance(self.default, bool) or self.default in {None, ()}:
            return ""
        return f"{self.default:g}" if isinstance(self.default, float) else str(self.default)

    @property
    def full_help(self) -> str:
        """The help, with the default."""
        return (
            f"{self.help[:-1]} (default: {self.default_text})." if self.default_text else self.help
        )

    @property
    def stage_option(self) -> tuple[str, str]:
        """The stage that gets the value, empty for none, and the stage's name for it."""
        stage, _, field = (self.sets or "").partition(".")
        return stage, field or self.name


def group(
    panel: str,
    *,
    sets: str | None = None,
    needs: tuple[str, ...] = (),
    idle_with: tuple[str, ...] = (),
) -> Callable[[type[Group]], type[Group]]:
    """Make a class of declarations into one of plain fields, from which pydantic makes a model.

    Args:
        panel: The panel of help screens that shows the settings.
        sets: The stage that gets the values of those that do not say another.
        needs: Conditions of those that do not say others.
        idle_with: The same, but not of the switch that a condition is about.
    """
    common = _Common(panel=panel, sets=sets, needs=needs, idle_with=idle_with)

    def read(cls: type[Group]) -> type[Group]:
        hints = get_type_hints(cls)
        settings = tuple(
            _placed(getattr(cls, name), name, hint, common) for name, hint in hints.items()
        )
        cls.__annotations__ = {one.name: Annotated[hints[one.name], one.kind] for one in settings}
        for one in settings:
            setattr(cls, one.name, one.default)
        setattr(cls, _SETTINGS, settings)
        return cls

    return read


def settings_of(cls: type) -> tuple[Setting, ...]:
    """Return the settings that a group declares."""
    settings: tuple[Setting, ...] = getattr(cls, _SETTINGS)
    return settings


@dataclass(frozen=True, kw_only=True)
class _Common:
    """What the settings of a group share."""

    panel: str
    sets: str | None
    needs: tuple[str, ...]
    idle_with: tuple[str, ...]


def _placed(setting: Setting, name: str, hint: Any, common: _Common) -> Setting:  # noqa: ANN401 - types have no type
    parts = get_args(hint)
    others = tuple(each for each in common.idle_with if each.partition("=")[0] != name)
    return replace(
        setting,
        name=name,
        panel=common.panel,
        needs=setting.needs or common.needs,
        idle_with=setting.idle_with or others,
        type=next(part for part in parts if part is not NoneType) if NoneType in parts else hint,
        sets=common.sets if setting.sets is None else setting.sets,
    )
