"""``--mux``: copies of videos with their subtitles, once transcripts are written."""

import shlex
from collections.abc import Iterator, Sequence
from pathlib import Path

from dalston_cli.audio.source import content_digest, shown_name
from dalston_cli.errors import DalstonError, ExitCode, InputError
from dalston_cli.muxing.beside import mux_beside
from dalston_cli.muxing.mux import Muxed
from dalston_cli.pipeline.endpoints import file_of
from dalston_cli.pipeline.events import JobFinished, WarningRaised
from dalston_cli.pipeline.outputs.recognition import owned_json
from dalston_cli.pipeline.outputs.suffix import language_of
from dalston_cli.pipeline.request import RecordingRequest
from dalston_cli.regular_file import is_regular
from dalston_sdk.wire import RecordingInfo, Transcript

_SUBTITLES = (".srt", ".vtt")


class VideoNotFoundError(InputError):
    """The video of a transcript is not where it is looked for."""

    code = "mux_video_not_found"

    def __init__(self, name: str, subtitles: Path) -> None:
        super().__init__(
            f"--mux: {name} is neither here nor beside its transcript",
            hint=f"dalston mux VIDEO {subtitles} -o FILE",
        )


class OtherVideoError(InputError):
    """A transcript names a file that it was not made of."""

    code = "mux_other_video"

    def __init__(self, video: Path, source: Path, subtitles: Path) -> None:
        super().__init__(
            f"--mux: {shown_name(video)} is not the file that {source} was made of",
            hint="if it is meant all the same:"
            f" dalston mux {shlex.quote(shown_name(video))} {shlex.quote(str(subtitles))}",
        )


class Muxing:
    """The recordings of a run whose videos get their subtitles.

    Args:
        recordings: All of them.
        languages: Those that texts are translated into; each is a track.
        overwrite: Replace copies that are there.

    Attributes:
        has_failed: A copy could not be written.
        written: The copies.
    """

    def __init__(
        self,
        recordings: Sequence[RecordingRequest],
        *,
        languages: Sequence[str] = (),
        overwrite: bool,
    ) -> None:
        self._languages = languages
        self._files = {one.name: file_of(one.source) for one in recordings}
        self._overwrite = overwrite
        self._finished: list[JobFinished] = []
        self.has_failed = False
        self.written: list[Path] = []

    def note(self, finished: JobFinished) -> None:
        """Take a recording whose transcripts are written."""
        self._finished.append(finished)

    def exit_code(self, code: int) -> int:
        """Return a run's exit code, with a failure of a copy."""
        return ExitCode.SOME_FAILED if self.has_failed and code == ExitCode.OK else code

    def run(self) -> Iterator[WarningRaised]:
        """Write the copies; yield what cannot be done."""
        for finished in self._finished:
            subtitles = subtitles_of([Path(each) for each in finished.outputs], self._languages)
            if not subtitles:
                continue
            video = self._files.get(finished.recording)
            if video is None or not all(each.is_file() for each in subtitles):
                message = "--mux: only recordings and transcripts of this machine are copied"
                yield WarningRaised(
                    code="mux_elsewhere", message=message, recording=finished.recording
                )
                continue
            try:
                language = language_beside(finished.outputs)
                copy = mux_beside(video, subtitles, language=language, overwrite=self._overwrite)
            except DalstonError as error:
                self.has_failed = True
                yield WarningRaised(
                    code=error.code,
                    message=error.message,
                    hint=error.hint,
                    recording=finished.recording,
                )
            else:
                self.written += [copy.path] if copy else []


def mux_export(
    source: Path,
    transcript: Transcript,
    written: Sequence[Path],
    *,
    languages: Sequence[str],
    overwrite: bool,
) -> Muxed | None:
    """Write the copy of an exported transcript's video; None for no copy.

    Args:
        source: The transcript's file.
        transcript: Its recording is looked for beside it, and from here.
        written: What was exported.
        languages: Those of translations among it.
        overwrite: Replace what is there.

    Raises:
        VideoNotFoundError: The recording is not there.
        OtherVideoError: Another file is in its place.
        DalstonError: The copy cannot be written.
    """
    subtitles = subtitles_of(written, languages)
    if not subtitles:
        return None
    video = _video_of(source, transcript.recording, subtitles[0])
    language = language_of(transcript) if transcript.language else None
    return mux_beside(video, subtitles, language=language, overwrite=overwrite)


def _video_of(source: Path, recording: RecordingInfo, subtitles: Path) -> Path:
    """Return the video that lies beside a transcript, or the very file that it was made of.

    A transcript may come from another person, who is not to choose among the files of this machine.
    """
    name = recording.name
    beside = source.parent / Path(name).name
    if is_regular(beside) and not beside.is_symlink():
        return beside
    places = (beside, source.parent / name, Path(name))
    others = [place for place in dict.fromkeys(places) if is_regular(place)]
    if not others:
        raise VideoNotFoundError(name, subtitles)
    for place in others:
        if content_digest(place) == recording.digest:
            return place
    raise OtherVideoError(others[0], source, subtitles)


def subtitles_of(written: Sequence[Path], languages: Sequence[str]) -> tuple[Path, ...]:
    """Return the first file of subtitles among outputs, and those of its translations.

    Args:
        written: Outputs of one recording, those of translations last.
        languages: Of translations.
    """
    first = next((path for path in written if path.suffix in _SUBTITLES), None)
    if first is None:
        return ()
    names = [f".{language}{first.suffix}" for language in languages]
    others = (path for name in names for path in written if path.name.endswith(name))
    return (first, *(path for path in others if path != first))


def language_beside(outputs: Sequence[str]) -> str | None:
    """Return the language of the transcript among outputs; None where it is not known."""
    document = next((Path(path) for path in outputs if path.endswith(".json")), None)
    transcript = None if document is None else owned_json(document)
    return None if transcript is None or not transcript.language else language_of(transcript)
