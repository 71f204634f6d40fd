"""Whose a file is that lies where an output goes, and that the journal does not know.

It is Dalston's own if it holds what a transcript of the recording renders as: one that the store
has, or one that the JSON beside it is. That JSON has the key of all that it was made from, and a
digest of itself, so it counts only as it was written.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import msgspec
from msgspec import Struct

from dalston_cli import __version__
from dalston_cli.formats.options import RenderOptions
from dalston_cli.formats.read import LARGEST_MB
from dalston_cli.formats.writer import Writer
from dalston_cli.formats.writers.json import content_digest, render
from dalston_cli.pipeline.endpoints import Evidence
from dalston_cli.pipeline.outputs.corrections import UNCORRECTED, CorrectionsBeside
from dalston_cli.pipeline.outputs.damage import is_cut_off, is_empty, is_text, is_whole
from dalston_cli.pipeline.outputs.place import HERE, OutputPlace, options_at
from dalston_cli.pipeline.records.journal import Journal
from dalston_cli.pipeline.records.keys import digest_bytes
from dalston_sdk.wire import TRANSCRIPT_VERSION, Transcript

Ownership = Literal["current", "outdated", "edited", "damaged", "foreign"]
"""As it would be written now; as it was written before; Dalston's own and changed since, by a
person or otherwise; or another's."""

LARGEST = LARGEST_MB * 1_000_000


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """A transcript that a file may have been made of.

    Attributes:
        is_current: It is what the recording's plan gives, all of it.
    """

    transcript: Transcript
    is_current: bool


@dataclass(frozen=True, kw_only=True)
class Found:
    """A file in an output's place, and what is known of it.

    Attributes:
        is_ours: Dalston wrote a file here, or all that is known says so.
        is_as_now: It wrote it as it would now.
    """

    data: bytes
    writer: Writer
    is_ours: bool
    is_as_now: bool


class Recognition(Struct, frozen=True, kw_only=True):
    """Judges files in the places of a recording's outputs, and notes in the journal what is ours.

    Attributes:
        document: The place of its JSON, whether that is wanted or not.
        key: Of the transcript that its plan gives.
        place: Where the files are.
        corrections: Those of people, which all files but the JSON have; None where there cannot be
            any.
    """

    render: RenderOptions
    journal: Journal
    document: Path
    key: str
    evidence: Evidence
    place: OutputPlace = HERE
    corrections: CorrectionsBeside | None = None

    def judge(
        self, files: Mapping[Path, tuple[Writer, str]]
    ) -> tuple[dict[Path, Ownership], Transcript | None]:
        """Return whose each file is, and the transcript that the plan gives, if there is one.

        Args:
            files: The writer of each, and the key of what it would write.
        """
        text = self.place.read_up_to(self.document, LARGEST)
        beside = None if text is None else owned_transcript(text, self.evidence.digest)
        possible = candidates(self.evidence.stored, beside, self.key)
        found = {path: self._found(path, *of) for path, of in files.items()}
        texts = tuple(self._with_corrected(possible))
        judged = {
            path: ownership(
                one,
                possible if one.writer.name in UNCORRECTED else texts,
                options_at(self.render, path, self.place),
            )
            for path, one in found.items()
        }
        matched = {state for state, _ in judged.values()} & {"current", "outdated"}
        told = any(one.is_current for one in possible[:1] if beside) and not self._knows_document
        for path, (state, whole) in judged.items():
            one = found[path]
            if state in {"edited", "damaged", "foreign"}:
                surer = replace(
                    one,
                    is_ours=one.is_ours or beside is not None or bool(matched),
                    is_as_now=one.is_as_now or told or "current" in matched,
                )
                judged[path] = self._settled(surer, whole), whole
            self._note(path, one, judged[path], files[path][1])
        current = (one.transcript for one in possible if one.is_current)
        return {path: state for path, (state, _) in judged.items()}, next(current, None)

    def _with_corrected(self, possible: Iterable[Candidate]) -> Iterator[Candidate]:
        """Yield candidates as people corrected them, and as the machine wrote them before."""
        for one in possible:
            if self.corrections is None:
                yield one
                continue
            transcript = self.corrections.corrected(one.transcript)
            yield replace(one, transcript=transcript)
            if transcript is not one.transcript:
                yield replace(one, is_current=False)

    def _settled(self, found: Found, whole: bytes | None) -> Ownership:
        changed = _changed(found, whole)
        if changed != "damaged" and self.journal.is_output(digest_bytes(found.data)):
            return "outdated"  # written elsewhere, for another recording or with other options
        return changed

    @property
    def _knows_document(self) -> bool:
        return bool(self.journal.output_keys(self.place.reference(self.document)))

    def _found(self, path: Path, writer: Writer, wanted: str) -> Found:
        keys = self.journal.output_keys(self.place.reference(path)).values()
        is_as_now = wanted in keys or self.journal.was_written(path.name, wanted)
        data = self.place.read(path)
        return Found(data=data, writer=writer, is_ours=bool(keys) or is_as_now, is_as_now=is_as_now)

    def _note(
        self, path: Path, found: Found, judged: tuple[Ownership, bytes | None], wanted: str
    ) -> None:
        """Note what was found out, so that it need not be found out again."""
        state, whole = judged
        if state == "foreign":
            return
        if state != "edited":
            key = wanted if state == "current" else state
            digest = digest_bytes(found.data)
        elif whole is not None:
            digest, key = digest_bytes(whole), wanted
        else:
            return
        of = self.evidence.digest
        self.journal.expect_output(self.place.reference(path), digest, key, recording=of)


def owned_json(path: Path) -> Transcript | None:
    """Return the transcript that Dalston wrote to this file; None where there is none."""
    data = HERE.read_up_to(path, LARGEST)
    return None if data is None else owned_transcript(data)


def owned_transcript(data: bytes, recording: str | None = None) -> Transcript | None:
    """Return the transcript that Dalston wrote with these bytes.

    None where it is none, where it is not of ``recording``, the digest of one, or was changed
    since.
    """
    try:
        transcript = msgspec.json.decode(data, type=Transcript)
    except (UnicodeDecodeError, msgspec.MsgspecError, RecursionError):
        return None
    is_whole = (
        transcript.version == TRANSCRIPT_VERSION
        and recording in {None, transcript.recording.digest}
        and transcript.key is not None
        and transcript.digest == content_digest(transcript)
        and render(transcript, RenderOptions()).encode("utf-8", errors="replace") == data
    )
    return transcript if is_whole else None


def candidates(
    stored: Transcript | None, beside: Transcript | None, key: str
) -> tuple[Candidate, ...]:
    """Return what files of a recording may have been made of.

    Args:
        stored: Of the recording's plan, as far as the store has it.
        beside: From the JSON beside the outputs.
        key: Of the transcript that the plan gives.
    """
    found = []
    if beside is not None:
        is_current = (
            beside.key == key
            and beside.status == "complete"
            and beside.generator == f"dalston {__version__}"
        )
        found.append(Candidate(transcript=beside, is_current=is_current))
    if stored is not None:
        is_whole = stored.status == "complete"
        stored = msgspec.structs.replace(stored, key=key)
        found.append(Candidate(transcript=stored, is_current=is_whole))
        if beside is not None and beside.recording.name != stored.recording.name:
            named = msgspec.structs.replace(stored.recording, name=beside.recording.name)
            renamed = msgspec.structs.replace(stored, recording=named)
            found.append(Candidate(transcript=renamed, is_current=is_whole))
    return tuple(found)


def ownership(
    found: Found, possible: Iterable[Candidate], options: RenderOptions
) -> tuple[Ownership, bytes | None]:
    """Return whose a file is, and what would be there, where that is known."""
    whole: bytes | None = None
    for candidate in possible:
        if found.writer.unmet_need(candidate.transcript, options) is not None:
            continue
        text = found.writer.render(candidate.transcript, options)
        if text == found.data:
            return ("current" if candidate.is_current else "outdated"), text
        if whole is None or candidate.is_current:
            whole = text
    return _changed(found, whole), whole


def _changed(found: Found, whole: bytes | None) -> Ownership:
    data = found.data
    if not data or is_cut_off(data, whole, found.writer.name):
        return "damaged"
    if found.writer.binary:
        undamaged = is_whole(data, found.writer.name)
    else:
        undamaged = not is_empty(data, whole) and is_text(data, whole)
    if found.is_ours and not undamaged:
        return "damaged"
    return "edited" if found.is_as_now else "foreign"
