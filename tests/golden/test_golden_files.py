"""Every format's text, byte for byte; ``python -m tests.golden.write`` writes the files anew."""

import pytest
from tests.golden.write import CASES, FOLDER, golden_file, rendered
from tests.support.transcripts import GOLDEN

from dalston_cli.formats.registry import WRITERS
from dalston_cli.formats.writer import WordsMissingError


@pytest.mark.parametrize(("name", "format_name"), CASES, ids=["-".join(case) for case in CASES])
def test_text_is_the_golden_file(name: str, format_name: str) -> None:
    assert rendered(name, format_name) == golden_file(name, format_name).read_bytes()


def test_no_golden_file_is_left_over() -> None:
    assert {file.name for file in FOLDER.iterdir()} == {golden_file(*case).name for case in CASES}


def test_words_are_not_made_up_for_scoring() -> None:
    error = WRITERS["ctm"].unmet_need(GOLDEN["awkward"]())
    assert isinstance(error, WordsMissingError)
    assert "ctm needs the time of every word" in error.message
    assert "--word-timestamps" in str(error.hint)
