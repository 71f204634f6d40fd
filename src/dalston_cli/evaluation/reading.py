"""Finds and reads references and hypotheses, and says which belong together."""

from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path

from msgspec.structs import replace

from dalston_cli.collection.reading import NoSuchPlaceError
from dalston_cli.errors import InputError
from dalston_cli.evaluation.material import Material, Span, Utterance, joined
from dalston_cli.evaluation.nist import READERS
from dalston_cli.formats.read import is_own, read_transcript
from dalston_cli.formats.speakers import name_of
from dalston_cli.review.naming import SUFFIX as CORRECTIONS_SUFFIX
from dalston_cli.review.replay import corrected_beside
from dalston_sdk.wire import Segment, SpeakerTurn, Transcript

SUFFIXES = (".json", ".stm", ".ctm", ".txt", ".srt", ".vtt", ".rttm")
"""Endings that are read; what several files of one recording say comes from the first of them."""

Tell = Callable[[str], None]
Part = Callable[[], Material]
"""Reads what one file says of one recording."""
_OF_SEVERAL = (".stm", ".ctm", ".rttm")
"""Endings of files that may be about many recordings, which they name themselves."""


class NothingToCompareError(InputError):
    """No hypothesis has the name of a reference."""

    code = "nothing_to_compare"

    def __init__(self, references: Path, hypotheses: Path) -> None:
        super().__init__(
            f"no file of {hypotheses} has the name of one of {references}",
            hint="a recording's files have one name, such as talk.txt and talk.json"
            f" (endings: {' '.join(SUFFIXES)})",
        )


class NoReferencesError(InputError):
    """There is nothing to compare with."""

    code = "no_references"

    def __init__(self, path: Path) -> None:
        super().__init__(
            f"there is no reference in {path}",
            hint=f"put the right text beside each recording, under its name: {' '.join(SUFFIXES)}",
        )


class Materials(Mapping[str, Material]):
    """What files say of recordings, by name, read when it is asked for: one is in memory at a time.

    A file that cannot be read is told, and costs no other; a recording all of whose files are such
    has a name, and asking for it raises KeyError.

    Args:
        parts: What reads each file of a recording.
        tell: Takes a message about each file that cannot be read.
    """

    def __init__(self, parts: Mapping[str, Sequence[Part]], tell: Tell) -> None:
        self._parts = parts
        self._tell = tell
        self._told: set[str] = set()

    def __getitem__(self, name: str) -> Material:
        found = [each for part in self._parts[name] if (each := self._read(part)) is not None]
        if not found:
            raise KeyError(name)
        return joined(found)

    def __iter__(self) -> Iterator[str]:
        return iter(self._parts)

    def __len__(self) -> int:
        return len(self._parts)

    def __contains__(self, name: object) -> bool:
        return name in self._parts

    def only(self, names: Container[str]) -> "Materials":
        """Return those with these names."""
        chosen = {name: each for name, each in self._parts.items() if name in names}
        return Materials(chosen, self._tell)

    def _read(self, part: Part) -> Material | None:
        try:
            return part()
        except InputError as error:
            if error.message not in self._told:
                self._told.add(error.message)
                self._tell(error.message)
            return None


def materials_at(path: Path, tell: Tell, *, corrected: bool = False) -> Materials:
    """Return what the files of a folder, or one file, say of each recording, by its name.

    Files of one recording have one name, with different endings; the files of a folder's folders
    are named with theirs. In a folder, a file that cannot be read is told and costs no other.

    Args:
        path: Of the folder or file.
        tell: Takes a message about each file that cannot be read.
        corrected: Take what people corrected of transcripts of ours, not what was recognised.

    Raises:
        NoSuchPlaceError: The path does not exist.
        NoReferencesError: There is nothing.
        InputError: The file that was named cannot be read.
    """
    if not path.exists():
        raise NoSuchPlaceError(path)
    parts: dict[str, list[Part]] = {}
    if not path.is_dir():
        for name, material in _read(path, path.stem, corrected=corrected):
            parts[name] = [partial(_same, material)]
    else:
        for file in _files(path):
            named = str(file.relative_to(path).with_suffix(""))
            try:
                for name, part in _parts_of(file, named, corrected=corrected):
                    parts.setdefault(name, []).append(part)
            except InputError as error:
                tell(error.message)
    if not parts:
        raise NoReferencesError(path)
    return Materials(parts, tell)


def materials_in(files: Mapping[str, Path], tell: Tell) -> Materials:
    """Return what transcripts say of recordings, by the names of these."""
    parts = {
        name: [partial(_read_one, file, name, corrected=False)] for name, file in files.items()
    }
    return Materials(parts, tell)


def read_materials(path: Path, tell: Tell, *, corrected: bool = False) -> dict[str, Material]:
    """Return what ``materials_at`` finds, all of it read.

    Raises:
        NoReferencesError: Nothing can be read.
        NoSuchPlaceError, InputError: As ``materials_at`` does.
    """
    materials = materials_at(path, tell, corrected=corrected)
    found = {}
    for name in materials:
        with suppress(KeyError):
            found[name] = materials[name]
    if not found:
        raise NoReferencesError(path)
    return found


def pairs(
    references: Mapping[str, Material], hypotheses: Mapping[str, Material], tell: Tell
) -> Iterator[tuple[Material, Material]]:
    """Yield reference and hypothesis of each recording; two single files belong together.

    What is on one side alone is told.
    """
    alone = len(references) == len(hypotheses) == 1
    others = iter(hypotheses) if alone else iter(references)
    for name, other in zip(references, others, strict=True):
        if other not in hypotheses:
            tell(f"{name} has a reference and no transcript: it is not scored")
            continue
        try:
            pair = references[name], hypotheses[other]
        except KeyError:  # its files cannot be read, as was told
            continue
        yield pair
    if alone:
        return
    for name in hypotheses.keys() - references.keys():
        tell(f"{name} has a transcript and no reference: it is not scored")


def material_of(transcript: Transcript, path: Path, name: str) -> Material:
    """Return what a transcript says; times that were only estimated are no words' times."""
    said = tuple(
        Utterance(
            text=each.text,
            speaker=name_of(each.speaker) if each.speaker else None,
            start=each.start,
            end=each.end,
        )
        for each in transcript.segments
    )
    words = (word for each in transcript.segments for word in each.words)
    turns: Iterable[SpeakerTurn | Segment] = transcript.turns or transcript.segments
    made = [each for each in transcript.stages if each.stage == "transcribe"]
    took = [each.elapsed_s for each in transcript.stages if each.elapsed_s is not None]
    return Material(
        name=name,
        files=(path,),
        utterances=said,
        has_text=True,
        words=tuple(
            Span(start=word.start, end=word.end, name=word.text.strip())
            for word in words
            if word.text.strip() and not word.interpolated
        ),
        turns=tuple(
            Span(start=each.start, end=each.end, name=each.speaker)
            for each in turns
            if each.speaker
        ),
        was_diarized=any(
            each.stage == "diarize" and each.status == "done" for each in transcript.stages
        ),
        duration_s=transcript.recording.duration_s or None,
        language=transcript.language,
        elapsed_s=sum(took) if took else None,
        model=made[-1].model if made else None,
    )


def _files(folder: Path) -> list[Path]:
    """Return the files of a folder in the order in which they count for a recording."""
    found = [
        path
        for path in folder.rglob("*")
        if path.suffix.lower() in SUFFIXES
        and path.is_file()
        and not path.name.endswith(CORRECTIONS_SUFFIX)
        and not any(part.startswith(".") for part in path.relative_to(folder).parts)
    ]
    return sorted(found, key=lambda path: (SUFFIXES.index(path.suffix.lower()), str(path)))


def _parts_of(path: Path, name: str, *, corrected: bool) -> Iterator[tuple[str, Part]]:
    """Yield the recordings of a file, and what reads each of them."""
    if path.suffix.lower() not in _OF_SEVERAL:
        yield name, partial(_read_one, path, name, corrected=corrected)
        return
    for found, material in _read(path, name, corrected=corrected):
        yield found, partial(_same, material)


def _read_one(path: Path, name: str, *, corrected: bool) -> Material:
    [(_, material)] = _read(path, name, corrected=corrected)
    return material


def _same(material: Material) -> Material:
    return material


def _read(path: Path, name: str, *, corrected: bool) -> Iterator[tuple[str, Material]]:
    """Yield what a file says of each of its recordings.

    A file of NIST may have many recordings, each with its name; where it has one, that of the file
    counts.
    """
    if path.suffix.lower() not in READERS:
        transcript = read_transcript(path)
        own = is_own(path)
        if own and corrected:
            transcript = corrected_beside(transcript, path)
        material = material_of(transcript, path, name)
        # Of another program's file, the length is the end of the last cue.
        yield name, material if own else replace(material, duration_s=None)
        return
    found = list(READERS[path.suffix.lower()](path))
    for written, material in found:
        used = name if len(found) == 1 else written
        yield used, replace(material, name=used)
