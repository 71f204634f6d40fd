"""All rules for a text, as a person chose them."""

from collections.abc import Collection
from dataclasses import dataclass

from dalston_cli.errors import UnavailableError, UsageError, installing
from dalston_cli.redaction.finding import Finding, Kind, resolved
from dalston_cli.redaction.names import Names
from dalston_cli.redaction.spoken import spoken_emails, spoken_numbers
from dalston_cli.redaction.written import accounts, digits, emails, phones


class RedactionMissingError(UnavailableError):
    """A package that the rules need is not installed."""

    code = "redaction_missing"

    def __init__(self, package: str) -> None:
        super().__init__(
            f"redacting needs the package {package}, which is not installed",
            hint=installing("redact"),
        )


def check_installed() -> None:
    """Raise RedactionMissingError where a package is missing."""
    from importlib.util import find_spec  # noqa: PLC0415 - needed once

    for module, package in (
        ("stdnum", "python-stdnum"),
        ("phonenumbers", "phonenumbers"),
        ("cryptography", "cryptography"),
    ):
        if find_spec(module) is None:
            raise RedactionMissingError(package)


class UnknownRegionError(UsageError):
    """A country is unknown."""

    code = "unknown_region"

    def __init__(self, region: str) -> None:
        super().__init__(
            f"--region {region!r} is no country", hint="write its code of two letters: --region GB"
        )


def check_region(region: str | None) -> None:
    """Raise UnknownRegionError for a code that is no country's; None is none."""
    from phonenumbers import SUPPORTED_REGIONS  # noqa: PLC0415 - optional

    if region is not None and region not in SUPPORTED_REGIONS:
        raise UnknownRegionError(region)


@dataclass(frozen=True, kw_only=True)
class Rules:
    """What is looked for.

    Attributes:
        region: Of phone numbers without a country code, such as ``GB``; None for none.
    """

    names: Names
    kinds: Collection[Kind] = frozenset(Kind)
    region: str | None = None

    def find(self, text: str) -> list[Finding]:
        """Return what is to be replaced in a text, in order and without overlaps."""
        every = [
            *self.names.find(text),
            *emails(text),
            *spoken_emails(text),
            *accounts(text),
            *digits(text),
            *phones(text, self.region),
            *spoken_numbers(text),
        ]
        return resolved((each for each in every if each.kind in self.kinds), text)
