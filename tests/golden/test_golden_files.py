"""Every format's text, byte for byte; ``python -m tests.golden.write`` writes the files anew."""

import pytest
from tests.golden.write import CASES, FOLDER, golden_file, rendered
from tests.support.transcripts import GOLDEN

from dalston_cli.formats.ctm import WordsMissingError
from dalston_cli.formats.options import RenderOptions
from dalston_cli.formats.registry import WRITERS


@pytest.mark.parametrize(("name", "format_name"), CASES, ids=["-".join(case) for case in CASES])
def test_text_is_the_golden_file(name: str, format_name: str) -> None:
    assert rendered(name, format_name) == golden_file(name, format_name).read_bytes()


def test_no_golden_file_is_left_over() -> None:
    assert {file.name for file in FOLDER.iterdir()} == {golden_file(*case).name for case in CASES}


def test_words_are_not_made_up_for_scoring() -> None:
    with pytest.raises(WordsMissingError, match=r"ctm needs the time of every word") as caught:
        WRITERS["ctm"].render(GOLDEN["awkward"](), RenderOptions())
    assert "--word-timestamps" in str(caught.value.hint)
