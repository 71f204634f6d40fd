"""Outputs of one recording: are they there already, may they be written, write them.

A file that Dalston wrote may be written again. A file from elsewhere, or one that was changed
since, is never replaced without ``--overwrite``.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from dalston_cli import __version__
from dalston_cli.audio.source import shown_name
from dalston_cli.errors import InputError
from dalston_cli.formats.options import RenderOptions
from dalston_cli.formats.registry import WRITERS, in_languages
from dalston_cli.formats.writer import Writer
from dalston_cli.pipeline.aside import aside
from dalston_cli.pipeline.endpoints import Evidence, Existing, FileStamp, OutputNotice
from dalston_cli.pipeline.outputs.corrections import UNCORRECTED, CorrectionsBeside
from dalston_cli.pipeline.outputs.due import DueFile, write_together
from dalston_cli.pipeline.outputs.names import output_file
from dalston_cli.pipeline.outputs.place import HERE, OutputPlace, options_at
from dalston_cli.pipeline.outputs.recognition import LARGEST, Recognition, owned_transcript
from dalston_cli.pipeline.outputs.suffix import UNSETTLED, has_suffix, language_in, language_of
from dalston_cli.pipeline.records.journal import Journal
from dalston_cli.pipeline.records.keys import digest_bytes, make_key
from dalston_sdk.wire import Transcript


class OutputExistsError(InputError):
    """An output would replace a file that Dalston did not write."""

    code = "output_exists"

    def __init__(self, path: Path | str) -> None:
        super().__init__(
            f"{shown_name(path)} exists and was not written by Dalston, or was changed since",
            hint="use --overwrite to replace it, or another folder with --output-dir",
        )


@dataclass(frozen=True, kw_only=True)
class OutputSpec:
    """The outputs of every transcript of a run or an export.

    Attributes:
        optional: Formats to drop where a transcript lacks what they need.
        print_text: Receives the text if there is no folder; None if there is one.
        place: Where outputs go.
        language_suffix: Their names have the language of the text; see ``suffix``.
        languages: Those that texts are written in besides, BCP-47 lower case.
        bilingual: With the transcript's own text above, in formats that have room for it.
    """

    formats: tuple[str, ...]
    render: RenderOptions
    optional: frozenset[str] = frozenset()
    overwrite: bool = False
    print_text: Callable[[str], None] | None = None
    place: OutputPlace = HERE
    language_suffix: bool = False
    languages: tuple[str, ...] = ()
    bilingual: bool = False

    def __post_init__(self) -> None:
        """Refuse, before any work, what no transcript can be written as.

        Raises:
            FrameRateError: A format that is not optional does not know the frame rate.
        """
        for name in set(self.formats) - self.optional:
            if error := WRITERS[name].unfit(self.render):
                raise error

    @cached_property
    def writers(self) -> tuple[Writer, ...]:
        """The formats' writers, in order, then those of translations."""
        own = (WRITERS[name] for name in self.formats)
        return in_languages(own, self.languages, bilingual=self.bilingual)

    def reason_to_drop(self, writer: Writer, transcript: Transcript) -> str | None:
        """Return why the format has to be dropped; None if it can be rendered.

        Raises:
            WordsMissingError, SpeakersMissingError: A format that is not optional needs them.
        """
        error = writer.unmet_need(transcript, self.render)
        is_optional = writer.name in self.optional or bool(writer.language)
        if error is not None and not is_optional:
            raise error
        return f"{error.message}: {writer.name} is left out" if error else None


class OutputWriter:
    """The outputs of one recording."""

    def __init__(self, spec: OutputSpec, journal: Journal, stem: Path | None, key: str) -> None:
        self._spec = spec
        self._place = spec.place
        self._journal = journal
        self._stem = stem
        self._key = key
        self._language: str | None = None
        self._corrections = CorrectionsBeside(spec.place, stem)

    def _files(self) -> tuple[tuple[Path, Writer], ...]:
        return tuple((Path(output), writer) for output, writer in self._outputs())

    def _outputs(self) -> Iterator[tuple[str, Writer]]:
        """Yield the names of ``_files``: to make a path of each takes longer than to look there."""
        if self._stem is not None:
            stem = str(self._stem)
            settled = f"{stem}.{self._settled()}" if self._spec.language_suffix else stem
            yield from (
                (f"{settled if has_suffix(one) else stem}{one.extension}", one)
                for one in self._spec.writers
            )

    def _settled(self) -> str:
        """Return the language for names: that of an earlier run, as long as no other is known."""
        if self._language is None:
            self._language = next(filter(None, map(self._written_before, self._spec.writers)), None)
        return self._language or UNSETTLED

    def _written_before(self, writer: Writer) -> str | None:
        if not has_suffix(writer):
            return None
        name = self._place.reference(Path(f"{self._stem}.{UNSETTLED}{writer.extension}"))
        return language_in(self._journal.written_with(self._output_key(writer)), name)

    def _learn_language(self, evidence: Evidence) -> None:
        """Learn the language from the transcript that is stored, or that lies beside."""
        if self._stem is None or not self._spec.language_suffix or self._language is not None:
            return
        transcript = evidence.stored
        if transcript is None:
            document = output_file(self._stem, WRITERS["json"].extension)
            text = self._place.read_up_to(document, LARGEST)
            transcript = None if text is None else owned_transcript(text, evidence.digest)
        if transcript is not None:
            self._language = language_of(transcript)

    @property
    def texts(self) -> tuple[str, ...]:
        """The outputs but the dropped ones, as text that JSON can hold; see ``given_name``.

        None if text goes to standard output.
        """
        return tuple(
            self._place.text(output)
            for output, writer in self._outputs()
            if not self._is_dropped(output, writer)
        )

    def existing(self) -> Existing:
        """Compare the files that are there with those that would be written.

        Raises:
            OutputUnwritableError: No regular file is in the way.
        """
        complete, are_there, unknown = self._stem is not None, False, []
        for output, writer in self._outputs():
            stamp = self._place.stamp(output)
            if stamp is None:
                complete = complete and self._is_dropped(output, writer)
                continue
            are_there = True
            path, wanted = Path(output), self._output_key(writer)
            key = None if self._spec.overwrite else self._known_key(path, stamp, wanted)
            if self._spec.overwrite or (key is not None and key != wanted):
                complete = False
            elif key is None:
                unknown.append(str(path))
        return Existing(complete=complete, are_there=are_there, unknown=tuple(unknown))

    def recognize(self, evidence: Evidence) -> Existing:
        """Compare again, by the store and by the JSON beside, and note what is our own.

        Raises:
            OutputExistsError: A file that Dalston did not write is in the way.
        """
        self._learn_language(evidence)
        existing = self.existing()
        files = {
            path: (writer, self._output_key(writer))
            for path, writer in self._files()
            if str(path) in existing.unknown
        }
        if self._stem is None or not files:
            return existing
        recognition = Recognition(
            render=self._spec.render,
            journal=self._journal,
            document=output_file(self._stem, WRITERS["json"].extension),
            key=self._key,
            evidence=evidence,
            place=self._place,
            corrections=self._corrections,
        )
        states, transcript = recognition.judge(files)
        for path, state in states.items():
            if state == "foreign":
                raise OutputExistsError(self._place.text(path))
        return Existing(
            complete=existing.complete and set(states.values()) <= {"current", "edited"},
            are_there=True,
            edited=tuple(str(path) for path, state in states.items() if state == "edited"),
            damaged=tuple(str(path) for path, state in states.items() if state == "damaged"),
            transcript=transcript,
        )

    async def write(self, transcript: Transcript) -> tuple[OutputNotice, ...]:
        """Write what is missing or different.

        Returns:
            What is to be said: of each dropped format, and of corrections without a place.

        Raises:
            OutputExistsError: A file that Dalston did not write is in the way.
            OutputUnwritableError, OutputDiskFullError: The system refuses.
            WordsMissingError: A format that is not optional needs words.
            CorrectionsUnreadableError: A person's corrections cannot be used.
        """
        self._corrections = CorrectionsBeside(self._place, self._stem)  # as they are by now
        machine, transcript = transcript, self._corrections.corrected(transcript)
        notices = [
            OutputNotice(one.code, one.message)
            for one in transcript.warnings[len(machine.warnings) :]
        ]
        if self._spec.language_suffix:
            self._language = language_of(transcript)
        if self._stem is None:
            self._print(transcript)
        due: list[DueFile] = []
        try:
            # JSON first: if the run ends in between and the journal is lost, it says whose they
            # are.
            for path, writer in sorted(self._files(), key=lambda file: file[1].name != "json"):
                shown = machine if writer.name in UNCORRECTED else transcript
                reason = self._spec.reason_to_drop(writer, shown)
                if reason is not None:
                    notices.append(OutputNotice("format_left_out", reason))
                    self._journal.drop_output(self._place.reference(path), self._output_key(writer))
                    continue
                options = options_at(self._spec.render, path, self._place)
                data = await aside(shown.recording.duration_s, writer.render, shown, options)
                due += self._due(path, data, self._output_key(writer))
        finally:  # what one file refuses is no reason to lose those before it
            overwrite, recording = self._spec.overwrite, transcript.recording.digest
            await write_together(
                due, self._place, self._journal, overwrite=overwrite, recording=recording
            )
        return tuple(notices)

    def _print(self, transcript: Transcript) -> None:
        if self._spec.print_text is None:
            raise AssertionError("a recording without a folder needs somewhere to print to")
        for writer in self._spec.writers:
            if self._spec.reason_to_drop(writer, transcript) is None:
                self._spec.print_text(writer.text(transcript, self._spec.render))

    def _due(self, path: Path, data: bytes, key: str) -> tuple[DueFile, ...]:
        """Return what is to be written; nothing where it was, and was edited since."""
        digest, reference = digest_bytes(data), self._place.reference(path)
        if not self._may_replace(path, digest):
            if key in self._keys(path).values():
                return ()
            raise OutputExistsError(self._place.text(path))
        return (DueFile(path=path, data=data, digest=digest, key=key, reference=reference),)

    def _may_replace(self, path: Path, digest: str) -> bool:
        if self._spec.overwrite or not self._place.exists(path):
            return True
        present = self._place.digest(path, self._journal)
        return present == digest or present in self._keys(path)

    def _is_dropped(self, output: str, writer: Writer) -> bool:
        """Return True if this transcript is known to lack what an optional format needs."""
        is_optional = writer.name in self._spec.optional or bool(writer.language)
        if not is_optional or self._place.exists(output):
            return False
        return self._keys(Path(output)).get(None) == self._output_key(writer)

    def _known_key(self, path: Path, stamp: FileStamp, wanted: str) -> str | None:
        """Return the key of the output that lies here; None where the journal has none."""
        if key := self._journal.key_of_output(self._place.reference(path), stamp):
            return key
        digest, reference = self._place.digest(path, self._journal), self._place.reference(path)
        here = self._keys(path).get(digest)
        if here is None and self._journal.adopt_output(reference, digest, wanted):
            return wanted
        return here

    def _keys(self, path: Path) -> dict[str | None, str]:
        return self._journal.output_keys(self._place.reference(path))

    def _output_key(self, writer: Writer) -> str:
        return make_key(
            "output",
            version=__version__,
            transcript=self._key,
            format=writer.name,
            render=self._spec.render.key,
            **self._corrections.key(writer),
        )
