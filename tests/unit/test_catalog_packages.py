"""Weights from a package index: how a model file names them, and what pip is told."""

from pathlib import Path
from typing import Any

import pytest
from tests.support.hub.entries import model_entry

from dalston_cli.catalog.entry import WrongEntryError
from dalston_cli.catalog.weights import pip_download
from dalston_cli.catalog.weights.exchange import Wheel

SHA256 = "0" * 64
WHEEL = {"name": "tiny", "version": "1.0", "sha256": SHA256, "size": 10}
FILE = {
    "path": "model.bin",
    "sha256": SHA256,
    "size": 10,
    "members": [{"package": "tiny", "member": "tiny/model.bin"}],
}


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        pytest.param({"packages": [WHEEL, WHEEL]}, "two packages have the name tiny", id="package"),
        pytest.param({"files": [FILE, FILE]}, "two files have the path model.bin", id="path"),
        pytest.param(
            {"packages": [WHEEL | {"name": "other"}]},
            "tiny is not among the packages",
            id="unknown",
        ),
        pytest.param({"packages": [WHEEL | {"tags": "cp311"}]}, "pattern", id="tags"),
        pytest.param({"packages": [WHEEL | {"version": ">=1"}]}, "pattern", id="no one version"),
        pytest.param({"packages": [WHEEL | {"name": "-r x"}]}, "pattern", id="an option as a name"),
        pytest.param({"files": [FILE | {"members": []}]}, "at least 1 item", id="no members"),
        pytest.param({"files": [FILE | {"sha256": "1a"}]}, "pattern", id="digest"),
    ],
)
def test_mistakes(changes: dict[str, Any], problem: str) -> None:
    source = {"kind": "pypi", "packages": [WHEEL], "files": [FILE]} | changes
    with pytest.raises(WrongEntryError, match=problem):
        model_entry(source=source)


@pytest.mark.parametrize(
    ("environ", "name", "told"),
    [
        pytest.param({"UV_INDEX_URL": "https://i/s"}, "PIP_INDEX_URL", "https://i/s", id="index"),
        pytest.param(
            {"UV_INDEX": "ours=https://u:p@i/s https://j/s"},
            "PIP_EXTRA_INDEX_URL",
            "https://u:p@i/s https://j/s",
            id="named indexes",
        ),
        pytest.param(
            {"UV_FIND_LINKS": "/a,/b"}, "PIP_FIND_LINKS", "/a /b", id="folders with commas"
        ),
        pytest.param({"SSL_CERT_FILE": "/c"}, "PIP_CERT", "/c", id="certificates"),
        pytest.param(
            {"UV_INDEX_URL": "https://i", "PIP_INDEX_URL": "https://p"},
            "PIP_INDEX_URL",
            "https://p",
            id="pip's own goes first",
        ),
        pytest.param({"PIP_CONSTRAINT": "c.txt"}, "PIP_CONSTRAINT", None, id="other wheels"),
        pytest.param({"HF_TOKEN": "hf_secret"}, "HF_TOKEN", None, id="the hub's secret"),
        pytest.param({"HTTPS_PROXY": "http://p"}, "HTTPS_PROXY", "http://p", id="proxy"),
    ],
)
def test_variables_for_pip(environ: dict[str, str], name: str, told: str | None) -> None:
    assert pip_download.environment_for_pip(environ, Path("/w")).get(name) == told


@pytest.mark.parametrize(
    ("said", "kind", "detail"),
    [
        pytest.param(
            "WARNING: Retrying (Retry(total=0)) after connection broken by 'NewConnectionError("
            "'<object at 0x1>: Failed to establish a new connection: [Errno 111] Connection"
            " refused')': /simple/tiny/\nERROR: No matching distribution found for tiny==1.0\n",
            "unreachable",
            "Failed to establish a new connection: [Errno 111] Connection refused",
            id="no connection",
        ),
        pytest.param(
            "ERROR: No matching distribution found for tiny==1.0\n",
            "no_package",
            "tiny==1.0",
            id="not there",
        ),
        pytest.param(
            "ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE.\n",
            "digest",
            "",
            id="other bytes",
        ),
        pytest.param("ERROR: no such option: --x\n", "pip", "no such option: --x", id="else"),
        pytest.param("", "pip", "it said nothing", id="silence"),
    ],
)
def test_what_pip_means(said: str, kind: str, detail: str) -> None:
    wheel = Wheel(name="tiny", version="1.0", sha256=SHA256, size=10)
    failure = pip_download.explain(wheel, said)
    assert (failure.kind, failure.detail) == (kind, detail)
