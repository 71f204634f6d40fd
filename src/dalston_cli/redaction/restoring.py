"""What ``dalston redact --restore`` does: writes transcripts as they were, by their vaults."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from dalston_cli.atomic_file import write_whole
from dalston_cli.errors import DalstonError
from dalston_cli.formats.read import TranscriptUnreadableError
from dalston_cli.redaction.outputs import (
    JSON,
    REDACTED,
    RESTORED,
    RedactedExistsError,
    RedactedUnwritableError,
    is_there,
)
from dalston_cli.redaction.rules import check_installed
from dalston_cli.redaction.vault import VAULT_SUFFIX, Key, open_key, unseal
from dalston_cli.review.naming import corrections_path


@dataclass(frozen=True, kw_only=True)
class Restored:
    """What was restored.

    Attributes:
        path: Of the transcript as it was.
        pseudonyms: What each stands for.
    """

    source: Path
    path: Path
    pseudonyms: Mapping[str, str]


def restore_all(
    paths: Sequence[Path], key_file: Path, folder: Path | None, *, overwrite: bool
) -> Iterator[Restored | DalstonError]:
    """Write transcripts as they were, to the byte; yield what was restored, or why not.

    Args:
        paths: Redacted transcripts, beside their vaults, or the vaults.
        key_file: The file of the key.
        folder: Where to write; None for beside each vault.
        overwrite: Replace files that are there.

    Raises:
        RedactionMissingError: A package is missing.
        KeyFileError: The key cannot be used.
    """
    check_installed()
    key = open_key(key_file, make=False)
    done: set[Path] = set()
    for path in dict.fromkeys(paths):
        try:
            target = _target(path, folder, overwrite=overwrite)
            if target in done:  # of another folder, whose transcript has the same name
                raise RedactedExistsError(target)
            pseudonyms = _restore(path, key, target)
        except DalstonError as error:  # costs no other transcript
            yield error
        else:
            done.add(target)
            yield Restored(source=path, path=target, pseudonyms=pseudonyms)


def _target(path: Path, folder: Path | None, *, overwrite: bool) -> Path:
    """Return where a transcript is restored."""
    if not path.name.endswith((f"{REDACTED}{JSON}", f"{REDACTED}{VAULT_SUFFIX}")):
        raise TranscriptUnreadableError(path, f"its name does not end in {REDACTED}{JSON}")
    target = (folder or path.parent) / f"{_stem(path).removesuffix(REDACTED)}{RESTORED}{JSON}"
    for one in (target, corrections_path(target)):
        if is_there(one) and not overwrite:
            raise RedactedExistsError(one)
    return target


def _restore(path: Path, key: Key, target: Path) -> Mapping[str, str]:
    """Restore a transcript, and return what each of its pseudonyms stands for."""
    found = unseal(path.with_name(f"{_stem(path)}{VAULT_SUFFIX}"), key)
    edits = corrections_path(target)
    try:
        edits.unlink(missing_ok=True)  # of what was there before: they are about another text
        write_whole(target, found.transcript, mode=0o600)
        if found.corrections is not None:
            write_whole(edits, found.corrections, mode=0o600)
    except OSError as error:
        raise RedactedUnwritableError(target, error) from error
    return found.pseudonyms


def _stem(path: Path) -> str:
    return path.name.removesuffix(VAULT_SUFFIX).removesuffix(JSON)
