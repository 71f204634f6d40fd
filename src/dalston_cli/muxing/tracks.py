"""Tracks of subtitles: their cues, language and title."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from dalston_cli.errors import UsageError
from dalston_cli.formats.read import read_cues
from dalston_cli.formats.readers.cues import Cue
from dalston_cli.formats.script import clean
from dalston_cli.muxing.containers import LanguageCodes

_LONGEST_CODE = 3
_QUICKTIME = {"fre": "fra", "swe": "sve"}
"""What QuickTime's list has otherwise; it knows some hundred languages."""


class TooManyError(UsageError):
    """More languages or titles are given than subtitles."""

    code = "mux_too_many"

    def __init__(self, option: str, num_given: int, num_subtitles: int) -> None:
        super().__init__(
            f"{option} is given for {num_given} subtitles, and there are {num_subtitles}",
            hint=f"give one {option} for each file of subtitles, in their order",
        )


class UnknownLanguageTagError(UsageError):
    """A language's tag is none."""

    code = "mux_language"

    def __init__(self, tag: str) -> None:
        super().__init__(
            f"--language {tag} names no language", hint="write it like en, de or pt-BR"
        )


@dataclass(frozen=True, kw_only=True)
class SubtitleTrack:
    """One file of subtitles.

    Attributes:
        path: Where it was read.
        cues: Those with text, by their starts.
        language: BCP 47; None where it is not known.
        title: As players list it; None for none.
    """

    path: Path
    cues: tuple[Cue, ...]
    language: str | None
    title: str | None

    def alpha3(self, codes: LanguageCodes) -> str | None:
        """Return the language's three letters; None where it has none."""
        import langcodes  # noqa: PLC0415 - keeps `dalston --help` fast

        if self.language is None:
            return None
        try:
            variant = "T" if codes == "terminologic" else "B"
            letters: str = langcodes.Language.get(self.language).to_alpha3(variant=variant)
        except LookupError:
            return None
        return _QUICKTIME.get(letters, letters) if codes == "quicktime" else letters


def read_tracks(
    paths: Sequence[Path], languages: Sequence[str], titles: Sequence[str]
) -> tuple[SubtitleTrack, ...]:
    """Read subtitles; a language that is not given is the one in the name, as ``film.en.srt``.

    Args:
        paths: Files of ``.srt`` and ``.vtt``.
        languages: Of the first files, in order.
        titles: Of the first files, in order.

    Raises:
        UsageError: Too many languages or titles, or a language that is none.
        InputError: A file cannot be read.
    """
    for option, given in (("--language", languages), ("--title", titles)):
        if len(given) > len(paths):
            raise TooManyError(option, len(given), len(paths))
    return tuple(
        SubtitleTrack(
            path=path,
            cues=tuple(_shown(read_cues(path))),
            language=_checked(languages[at]) if at < len(languages) else language_in_name(path),
            title=_title(titles[at]) if at < len(titles) else None,
        )
        for at, path in enumerate(paths)
    )


def language_in_name(path: Path) -> str | None:
    """Return the language in a name such as ``film.en.srt``; None where there is none."""
    import langcodes  # noqa: PLC0415 - keeps `dalston --help` fast

    tag = Path(path.stem).suffix.removeprefix(".")
    code = tag.replace("_", "-").partition("-")[0]
    is_one = 1 < len(code) <= _LONGEST_CODE and langcodes.tag_is_valid(tag)
    return langcodes.standardize_tag(tag) if is_one else None


def _title(given: str) -> str:
    """Return a title on one line; bytes that are not UTF-8 are replaced."""
    return clean(given.encode(errors="replace").decode())


def _checked(tag: str) -> str:
    import langcodes  # noqa: PLC0415 - keeps `dalston --help` fast

    if not langcodes.tag_is_valid(tag):
        raise UnknownLanguageTagError(tag)
    return langcodes.standardize_tag(tag)


def _shown(cues: Sequence[Cue]) -> Iterator[Cue]:
    for cue in sorted(cues, key=lambda one: one.start):
        if cue.text.strip() and cue.start < cue.end:
            yield cue
