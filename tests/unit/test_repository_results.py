"""Every record of the files for which results stand is of the files as they are."""

import json
from pathlib import Path

import pytest
from scripts.engine_results import files_of, recorded_folders

from dalston_sdk.identity import RECORD_NAME, digest_results, results_record

RESULTS_OF_0_1 = {
    "emotion2vec": "57b626ad9ff0b1b8572a1172b70858f75a35e9f37680ff0754fa5a01d14640b7",
    "faster-whisper": "ed3172083b9bc5a2555829afca585468dbd95a1e06eca08bb4dbafb08f09f5cc",
    "llm-cleanup": "33b51408c7e2fdda196131d8633990e3dff0c5be0762804aa35af2fcc3bebdb7",
    "nemo": "f36c4ef8ec097daca2ba7cb27c770cbe023143ba0bce04f0a610569070dbb6e2",
    "onnx-asr": "eb44bbcfbfded6d3cc388c64a08e47c19dd7f176097a492426c60ff8d3108d65",
    "panns-events": "ebd57f8f8dbb681388b4d5cd34ff2cf1ae2e41be01cbf16699afa5a82c8eecfe",
    "pocketsphinx": "1d92134ff0429dc7fa14c351753eec3b3053f0ff25d1fa75d6b78ea17e4b6a88",
    "pyannote": "1cf26d20d616ebb61f79bbdda0161d68a10e1816872bce656bfb937ddbe34d22",
    "whisperx-align": "2f1391de61df19277f9915a0b27ec2a9a9fb9812e263e4e7cbcfd1fb80d8daa6",
}
"""As 0.1 computed it, with CPython 3.11 on x86_64; remove an engine whose results differ."""

FOLDERS = recorded_folders()


@pytest.mark.parametrize("name", sorted(FOLDERS))
def test_the_record_is_of_the_files_as_they_are(name: str) -> None:
    folder: Path = FOLDERS[name]
    record = (folder / RECORD_NAME).read_text(encoding="utf-8")
    stands_for = json.loads(record)["same_results_as"]
    assert record == results_record(files_of(name, folder), stands_for), (
        f"{name} was changed: are its results the same as before? "
        f"Then run scripts/engine_results.py same {name}, else scripts/engine_results.py new {name}"
    )


@pytest.mark.parametrize("name", sorted(RESULTS_OF_0_1))
def test_results_of_0_1_stand(name: str) -> None:
    found = digest_results(FOLDERS[name], python="cpython-3.11", machine="x86_64")
    assert found == RESULTS_OF_0_1[name]
