"""The layouts of ONNX graphs that onnx-asr reads, and which of a repository's files are needed."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dalston_cli.catalog.names.refusals import UnreadableWeightsError


@dataclass(frozen=True, kw_only=True)
class OnnxFamily:
    """A layout, by the ``model_type`` in its ``config.json``.

    Attributes:
        graphs: Names of the graphs without number format and ending; folders do not count.
        others: Names of the other files that are needed.
    """

    type: str
    graphs: tuple[str, ...]
    others: tuple[str, ...]
    times_words: bool = True
    translates: bool = False
    detects_language: bool = False


_TRANSDUCER = ("encoder-model", "decoder_joint-model")
_KALDI = ("encoder", "decoder", "joiner")
FAMILIES = (
    OnnxFamily(type="nemo-conformer-ctc", graphs=("model",), others=("vocab.txt",)),
    OnnxFamily(type="nemo-conformer-rnnt", graphs=_TRANSDUCER, others=("vocab.txt",)),
    OnnxFamily(type="nemo-conformer-tdt", graphs=_TRANSDUCER, others=("vocab.txt",)),
    OnnxFamily(
        type="nemo-conformer-aed",
        graphs=("encoder-model", "decoder-model"),
        others=("vocab.txt",),
        times_words=False,
        translates=True,
    ),
    OnnxFamily(type="kaldi-rnnt", graphs=_KALDI, others=("tokens.txt",)),
    OnnxFamily(
        type="whisper",
        graphs=("encoder_model", "decoder_model_merged"),
        others=("vocab.json", "added_tokens.json"),
        times_words=False,
        detects_language=True,
    ),
)
"""Those whose files can be told from the names; GigaAM and others are in the catalog by id."""

_MAX_TYPE = 60
_FORMATS = ("int8", "", "fp16")
"""Suffixes of number formats, best first: of those in a repository, one is downloaded."""
_GRAPH = re.compile(
    r"(?:.*/)?(?P<stem>.+?)(?:[._-](?P<format>int8|fp16))?\.onnx(?P<data>[._]data)?"
)


def family_of(paths: Sequence[str], config: Mapping[str, Any], *, called: str) -> OnnxFamily:
    """Return the layout that ``config`` names.

    Raises:
        UnreadableWeightsError: onnx-asr reads no such layout.
    """
    named = str(config.get("model_type", ""))[:_MAX_TYPE]
    for family in FAMILIES:
        if family.type == named:
            return family
    known = ", ".join(family.type for family in FAMILIES)
    what = f"names the type `{named}`" if named else "names no type of model"
    if "config.json" not in paths:
        what = "is missing"
    raise UnreadableWeightsError(
        called,
        f"it holds ONNX graphs, but its config.json {what}; onnx-asr reads {known}",
        "see which there are: dalston models list",
    )


def files_of(family: OnnxFamily, paths: Sequence[str], *, called: str) -> tuple[str, ...]:
    """Return the files that are needed, in the first number format of which all graphs are there.

    Raises:
        UnreadableWeightsError: Files are missing.
    """
    small = [path for path in paths if path.rpartition("/")[2] in ("config.json", *family.others)]
    for number_format in _FORMATS:
        graphs = _graphs(family, paths, number_format)
        if {stem for stem, path in graphs if path.endswith(".onnx")} >= set(family.graphs):
            return (*small, *(path for _, path in graphs))
    raise UnreadableWeightsError(
        called,
        f"of a model of the type {family.type} it lacks graphs: "
        + ", ".join(f"{graph}.onnx" for graph in family.graphs),
        "see which there are: dalston models list",
    )


def _graphs(family: OnnxFamily, paths: Sequence[str], wanted: str) -> list[tuple[str, str]]:
    """Return name and path of the layout's graphs in one number format, with their data."""
    found = [(path, _GRAPH.fullmatch(path)) for path in paths]
    return [
        (match["stem"], path)
        for path, match in found
        if match and match["stem"] in family.graphs and (match["format"] or "") == wanted
    ]
