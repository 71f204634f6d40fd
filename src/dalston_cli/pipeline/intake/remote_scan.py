"""Recordings on other machines: single files, folders and patterns, by the rules of this machine's.

What exists is never a pattern, even with brackets or stars in its name. A single file is not asked
for here: its job does so, and fails alone.
"""

import glob
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import PurePosixPath

from msgspec import Struct

from dalston_cli.audio.source import given_name
from dalston_cli.pipeline.events import WarningRaised
from dalston_cli.pipeline.intake.folder_scan import (
    FOLDER,
    WarningSink,
    is_named_after,
    looks_like_media,
)
from dalston_cli.pipeline.remote.address import Address, safe_path
from dalston_cli.pipeline.remote.errors import RemoteMissingError
from dalston_cli.pipeline.remote.filesystem import Entry, Store
from dalston_cli.pipeline.remote.opening import check_support
from dalston_cli.pipeline.remote.recording import RemoteFile
from dalston_cli.pipeline.remote.stores import store_of
from dalston_cli.pipeline.request import RecordingRequest


class RemoteScan(Struct, frozen=True):
    """Looks for recordings at an address.

    Attributes:
        recursive: Include folders below folders.
        passed_over: What is no recording, and folders that were not entered, by suffix.
    """

    recursive: bool
    on_warning: WarningSink
    passed_over: Counter[str]

    def recordings(self, address: Address) -> Iterator[RecordingRequest]:
        """Yield the recordings at an address.

        Raises:
            RemoteSupportError: Its libraries are not installed.
            RemoteError: It cannot be listed.
        """
        check_support(address.scheme)
        if address.is_web or not self._may_be_several(address):
            yield RecordingRequest(
                source=RemoteFile(address), name=address.shown, relative=safe_path(address.name)
            )
            return
        store = store_of(address)
        try:
            facts = store.look(address)
        except RemoteMissingError:
            if not glob.has_magic(address.path):
                raise
            yield from self._matching(store, address)
            return
        if facts is None:
            entries = store.entries(
                address, recursive=self.recursive, unreadable=self._warn_of(address)
            )
            yield from self._among(address, entries)
        else:
            yield RecordingRequest(
                source=RemoteFile(address, facts),
                name=address.shown,
                relative=safe_path(address.name),
                size=facts.size,
            )

    def _matching(self, store: Store, address: Address) -> Iterator[RecordingRequest]:
        folder, pattern = _split(address)
        found = list(store.matches(folder, pattern, self._warn_of(folder)))
        if not found:
            message = f"nothing matches {address.shown}"
            self.on_warning(WarningRaised(code="pattern_without_match", message=message))
        yield from self._among(folder, found)

    def _warn_of(self, top: Address) -> Callable[[str, str], None]:
        """Return what warns of folders that cannot be listed, with their paths on its host."""

        def warn(folder: str, reason: str) -> None:
            place = f"{top.top.shown}/{folder.lstrip('/')}"
            message = f"cannot read the folder {given_name(place)}: {reason}"
            self.on_warning(WarningRaised(code="folder_unreadable", message=message))

        return warn

    def _may_be_several(self, address: Address) -> bool:
        return glob.has_magic(address.path) or not looks_like_media(address.path)

    def _among(self, folder: Address, entries: Iterable[Entry]) -> Iterator[RecordingRequest]:
        """Yield what looks like a recording, and count what does not."""
        others: list[str] = []
        stems: set[str] = set()
        for entry in entries:
            path = PurePosixPath(entry.path)
            if any(part.startswith(".") for part in path.parts):
                continue
            if entry.is_folder and self.recursive:
                continue
            if entry.is_folder:
                self.passed_over[FOLDER] += 1
            elif looks_like_media(path.name):
                stems.add(str(path.with_suffix("")))
                address = folder.below(entry.path)
                yield RecordingRequest(
                    source=RemoteFile(address, entry.facts),
                    name=address.shown,
                    relative=safe_path(entry.path),
                    size=entry.facts.size,
                )
            else:
                others.append(entry.path)
        self.passed_over.update(
            PurePosixPath(name).suffix.lower() for name in others if not is_named_after(name, stems)
        )


def _split(address: Address) -> tuple[Address, str]:
    """Return the folder before the first wildcard, and the pattern below it."""
    parts = address.path.split("/")
    first = next(index for index, part in enumerate(parts) if glob.has_magic(part))
    pattern = "/".join(parts[first:])
    return Address(address.url.removesuffix(pattern)), pattern
