"""Outputs of one recording: are they there already, may they be written, write them.

What we wrote we may write again. A file that somebody else made, or changed since, is theirs: it
is never replaced without ``--overwrite``.
"""

import asyncio
import errno
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from dalston_cli import __version__
from dalston_cli.atomic_file import write_whole
from dalston_cli.audio.source import shown_name
from dalston_cli.errors import InputError
from dalston_cli.formats.ctm import WordsMissingError
from dalston_cli.formats.options import RenderOptions
from dalston_cli.formats.registry import WRITERS, Writer
from dalston_cli.pipeline.outputs.names import output_file
from dalston_cli.pipeline.records.journal import Journal
from dalston_cli.pipeline.records.keys import digest_bytes, make_key
from dalston_sdk.wire import Transcript

_LEFT_OUT = "left out"
"""Stands in the journal for the digest of an output that could not be."""


class OutputExistsError(InputError):
    """An output would replace a file that is not ours."""

    code = "output_exists"

    def __init__(self, path: Path) -> None:
        super().__init__(
            f"{shown_name(path)} exists and was not written by Dalston, or was changed since",
            hint="use --overwrite to replace it, or another folder with --output-dir",
        )


class OutputUnwritableError(InputError):
    """A transcript cannot be written."""

    code = "output_unwritable"

    def __init__(self, path: Path, problem: OSError) -> None:
        super().__init__(
            f"cannot write {shown_name(path)}: {problem.strerror or problem}",
            hint="choose another folder with --output-dir",
        )


def check_writable(folder: Path) -> None:
    """Make sure, before hours of work, that outputs can be written below ``folder``.

    Raises:
        OutputUnwritableError: They cannot.
    """
    existing = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    if not existing.is_dir():
        raise OutputUnwritableError(existing, NotADirectoryError(errno.ENOTDIR, "not a folder"))
    if not os.access(existing, os.W_OK | os.X_OK):
        raise OutputUnwritableError(existing, PermissionError(errno.EACCES, "permission denied"))


@dataclass(frozen=True, kw_only=True)
class Layout:
    """What is written of every recording of a run.

    Attributes:
        formats: Names in the registry of formats.
        dispensable: Formats to leave out where a transcript lacks what they need.
        overwrite: Replace whatever is there.
        print_text: Where text goes if there is no folder; None where there is one.
    """

    formats: tuple[str, ...]
    render: RenderOptions
    dispensable: frozenset[str] = frozenset()
    overwrite: bool = False
    print_text: Callable[[str], None] | None = None


@dataclass(frozen=True, kw_only=True)
class Existing:
    """What is there of a recording's outputs.

    Attributes:
        complete: All of them, as they would be written now.
        edited: Those that were written as they would be now, and that somebody changed since.
    """

    complete: bool
    edited: tuple[Path, ...] = ()


class Delivery:
    """The outputs of one recording.

    Args:
        layout: What is written.
        journal: Knows what we wrote.
        stem: Path of the outputs without a format's extension; None for standard output.
        key: Of everything that decides the transcript.
    """

    def __init__(self, layout: Layout, journal: Journal, stem: Path | None, key: str) -> None:
        self._layout = layout
        self._journal = journal
        self._stem = stem
        self._key = key

    @property
    def paths(self) -> tuple[Path, ...]:
        """Every output file but those left out; none where text goes to standard output."""
        return tuple(path for path, writer in self._files() if not self._is_left_out(path, writer))

    @property
    def texts(self) -> tuple[str, ...]:
        """``paths`` as text that JSON can hold: undecodable bytes are replaced."""
        return tuple(os.fsencode(path).decode(errors="replace") for path in self.paths)

    def existing(self) -> Existing:
        """What is there already.

        Raises:
            OutputExistsError: A file that is not ours is in the way.
        """
        complete, edited = self._stem is not None, []
        for path, writer in self._files():
            if not path.exists():
                complete = complete and self._is_left_out(path, writer)
                continue
            keys = self._journal.output_keys(path)
            ours = keys.get(self._journal.digest(path))
            wanted = self._output_key(writer)
            if self._layout.overwrite or (ours is not None and ours != wanted):
                complete = False
            elif ours is None and wanted in keys.values():
                edited.append(path)
            elif ours is None:
                raise OutputExistsError(path)
        return Existing(complete=complete, edited=tuple(edited))

    async def write(self, transcript: Transcript) -> tuple[str, ...]:
        """Write what is missing or different.

        Returns:
            For each format that was left out, why.

        Raises:
            OutputExistsError: A file that is not ours is in the way.
            OutputUnwritableError: The system refuses.
            WordsMissingError: A format that is not dispensable needs words.
        """
        left_out = []
        if self._stem is None:
            self._print(transcript)
        for path, writer in self._files():
            try:
                text = await asyncio.to_thread(writer.render, transcript, self._layout.render)
            except WordsMissingError as error:
                if writer.name not in self._layout.dispensable:
                    raise
                left_out.append(f"{error.message}: {writer.name} is left out")
                self._journal.expect_output(path, _LEFT_OUT, self._output_key(writer))
                continue
            data = text.encode("utf-8", errors="replace")
            await self._write(path, data, self._output_key(writer))
        return tuple(left_out)

    def _is_left_out(self, path: Path, writer: Writer) -> bool:
        """Whether this transcript is known to lack what a dispensable format needs."""
        if writer.name not in self._layout.dispensable or path.exists():
            return False
        return self._journal.output_keys(path).get(_LEFT_OUT) == self._output_key(writer)

    def _print(self, transcript: Transcript) -> None:
        if self._layout.print_text is None:
            raise AssertionError("a recording without a folder needs somewhere to print to")
        for name in self._layout.formats:
            self._layout.print_text(WRITERS[name].render(transcript, self._layout.render))

    async def _write(self, path: Path, data: bytes, key: str) -> None:
        digest = digest_bytes(data)
        try:
            if not self._may_replace(path, digest):
                if key in self._journal.output_keys(path).values():
                    return  # written before as it would be now, and edited since: theirs
                raise OutputExistsError(path)
            self._journal.expect_output(path, digest, key)
            await asyncio.to_thread(write_whole, path, data)
            self._journal.confirm_output(path, digest)
        except OSError as error:
            raise OutputUnwritableError(path, error) from error

    def _may_replace(self, path: Path, digest: str) -> bool:
        if self._layout.overwrite or not path.exists():
            return True
        present = self._journal.digest(path)
        return present == digest or present in self._journal.output_keys(path)

    def _files(self) -> tuple[tuple[Path, Writer], ...]:
        if self._stem is None:
            return ()
        writers = (WRITERS[name] for name in self._layout.formats)
        return tuple((output_file(self._stem, writer.extension), writer) for writer in writers)

    def _output_key(self, writer: Writer) -> str:
        return make_key(
            "output",
            version=__version__,
            transcript=self._key,
            format=writer.name,
            render=self._layout.render,
        )
