"""Finds and reads references and hypotheses, and says which belong together."""

from collections.abc import Callable, Iterable, Iterator, Mapping
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


def read_materials(path: Path, tell: Tell, *, corrected: bool = False) -> dict[str, Material]:
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
    if not path.is_dir():
        found = dict(_read(path, path.stem, corrected=corrected))
    else:
        parts: dict[str, list[Material]] = {}
        for file in _files(path):
            name = str(file.relative_to(path).with_suffix(""))
            try:
                for each, material in _read(file, name, corrected=corrected):
                    parts.setdefault(each, []).append(material)
            except InputError as error:
                tell(error.message)
        found = {name: joined(each) for name, each in parts.items()}
    if not found:
        raise NoReferencesError(path)
    return found


def pairs(
    references: Mapping[str, Material], hypotheses: Mapping[str, Material], tell: Tell
) -> Iterator[tuple[Material, Material]]:
    """Yield reference and hypothesis of each recording; two single files belong together.

    What is on one side alone is told.
    """
    if len(references) == len(hypotheses) == 1:
        [(reference, hypothesis)] = zip(references.values(), hypotheses.values(), strict=True)
        yield reference, hypothesis
        return
    for name, reference in references.items():
        if name in hypotheses:
            yield reference, hypotheses[name]
        else:
            tell(f"{name} has a reference and no transcript: it is not scored")
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
