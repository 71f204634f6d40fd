"""However a run goes, it writes the same transcripts: switches in all combinations."""

from collections.abc import Iterator
from http import HTTPStatus
from urllib.request import Request, urlopen

import pytest
from tests.acceptance.home import Home
from tests.support.launching import FAKE
from tests.support.pipeline_home import make_catalog, write_recording
from tests.support.remote_stores import BUCKET, s3_store, s3_variables
from tests.support.speech import needs_flite, say_many
from tests.support.switches import STORES, SWITCHES, Combination, Trial, tried

FORMATS = ("-f", "txt,json,srt,vtt,csv,md")


@pytest.fixture(scope="module")
def spoken(lasting_home: Home, tmp_path_factory: pytest.TempPathFactory) -> Trial:
    """Real recognition of a few short recordings."""
    folder = tmp_path_factory.mktemp("spoken")
    say_many(folder, 3)
    words = ("--model", "pocketsphinx-en-us", *FORMATS)
    return Trial(user=lasting_home, recordings=folder, words=words)


@pytest.fixture(scope="module")
def bucket() -> Iterator[str]:
    """The URL of a store with an empty bucket."""
    with s3_store() as url:
        with urlopen(Request(f"{url}/{BUCKET}", method="PUT"), timeout=180) as made:
            assert made.status == HTTPStatus.OK
        yield url


@pytest.fixture(scope="module")
def all_stages(lasting_home: Home, bucket: str, tmp_path_factory: pytest.TempPathFactory) -> Trial:
    """Every stage, by an engine whose results follow from its requests."""
    folder = tmp_path_factory.mktemp("all stages")
    make_catalog(folder / "catalog")
    for number in range(3):
        write_recording(folder / "in" / f"{number}.wav", seconds=1.0 + number, seed=number)
    stages = ("--align", "always", "--diarize", "--emotion", "--events", "--refine")
    return Trial(
        user=lasting_home,
        recordings=folder / "in",
        words=("--model", "speech", *stages, "-f", "all"),
        environ=s3_variables(bucket, folder)
        | {
            "DALSTON_ENGINES_PATH": str(FAKE),
            "DALSTON_CATALOG_PATH": str(folder / "catalog"),
        },
    )


@needs_flite
@tried(2, SWITCHES)
def test_a_recognizer_hears_the_same(spoken: Trial, combination: Combination) -> None:
    spoken.check(combination)


@tried(2, {**SWITCHES, **STORES})
def test_all_stages_come_to_the_same(all_stages: Trial, combination: Combination) -> None:
    all_stages.check(combination)
