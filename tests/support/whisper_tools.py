"""The parsers of openai-whisper, whisper-ctranslate2 and whisperX, read from their source.

Their packages are fetched once, with the hashes below, without PyTorch and all else that they ask
for; nothing of them is imported.
"""

import ast
import hashlib
import os
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dalston_cli.options.dialects.table import Tool

PINS = """\
openai-whisper==20250625 \
--hash=sha256:37a91a3921809d9f44748ffc73c0a55c9f366c85a3ef5c2ae0cc09540432eb96
whisper-ctranslate2==0.5.8 \
--hash=sha256:34857f88e79ebd7769f778242980eebd5dd3c92ae5565821a9fc8965286e51d9
whisperx==3.8.6 \
--hash=sha256:cb6d4fcd3fb6c42305cb8b222a33a0b78f6b657e9db3b714345fe43dc0a69c1f
"""
PARSERS: dict[Tool, str] = {
    "openai-whisper": "whisper/transcribe.py",
    "whisper-ctranslate2": "whisper_ctranslate2/commandline.py",
    "whisperx": "whisperx/__main__.py",
}
LANGUAGES = "whisper/tokenizer.py"


@dataclass(frozen=True, kw_only=True)
class ParserOption:
    """One option of a tool.

    Attributes:
        spellings: All of its names, such as ``--output_dir -o``.
        default: None where there is none, or where it is computed.
        choices: Those that are written out.
    """

    spellings: str
    takes_value: bool
    default: Any
    choices: tuple[Any, ...]


def fetch(cache: Path) -> Path:
    """Return a folder with the packages, from the cache or from the package index."""
    folder = cache / f"whisper-tools-{hashlib.sha256(PINS.encode()).hexdigest()[:16]}"
    if folder.is_dir():
        return folder
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache) as building:
        pins, target = Path(building, "pins.txt"), Path(building, "packages")
        pins.write_text(PINS, encoding="utf-8")
        words = ("uv", "pip", "install", "--quiet", "--no-deps", "--require-hashes")
        subprocess.run([*words, "--target", target, "-r", pins], check=True, timeout=300)
        try:
            target.rename(folder)
        except OSError:  # another run of tests was first
            if not folder.is_dir():
                raise
    return folder


def options_of(source: Path) -> Iterator[ParserOption]:
    """Yield every option that a parser is given with ``add_argument``."""
    for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
            continue
        if node.func.attr != "add_argument":
            continue
        names = [str(_literal(argument)) for argument in node.args]
        if not names[0].startswith("-"):
            continue
        details = {word.arg: word.value for word in node.keywords if word.arg}
        yield ParserOption(
            spellings=" ".join(sorted(names, key=lambda name: not name.startswith("--"))),
            takes_value="action" not in details,
            default=_literal(details.get("default")),
            choices=tuple(_literal(details.get("choices")) or ()),
        )


def literal_of(source: Path, name: str) -> Any:
    """Return the value of a module's constant that is written out."""
    for node in ast.parse(source.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == name:
            return (
                _entries(node.value) if isinstance(node.value, ast.Dict) else _literal(node.value)
            )
    raise LookupError(name)


def _entries(node: ast.Dict) -> dict[str, str]:
    """Return what a dictionary holds besides what it takes from others."""
    pairs = zip(node.keys, node.values, strict=True)
    found = {_literal(key): _literal(value) for key, value in pairs}
    return {key: value for key, value in found.items() if key is not None}


def _literal(node: ast.expr | None) -> Any:
    """Return a value that is written out; None for one that is computed."""
    try:
        return None if node is None else ast.literal_eval(node)
    except ValueError:
        return None


def cache_folder() -> Path:
    """Return where this run of tests keeps what takes long to get."""
    return Path(os.environ["DALSTON_CACHE_DIR"])
