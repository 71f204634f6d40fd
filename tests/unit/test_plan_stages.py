"""Requests of stages and the judgement of their results, as tables."""

import msgspec
import pytest
from tests.support.launching import engine_entry
from tests.support.transcripts import GOLDEN

from dalston_cli.catalog.schema import ModelEntry
from dalston_cli.pipeline.plan.options import NoTranslationError, UnsupportedOptionError
from dalston_cli.stages.align import ALIGN
from dalston_cli.stages.base import Found, Inputs, Results, Skip
from dalston_cli.stages.merge.times import Window
from dalston_cli.stages.refine import REFINE
from dalston_cli.stages.transcribe import TRANSCRIBE, has_good_word_times, text_language
from dalston_sdk.wire import (
    Chapter,
    Notice,
    RecordingInfo,
    RefineResult,
    Segment,
    Stage,
    TranscribeOptions,
    TranscribeResult,
    Transcript,
    Word,
)


def spoken(*times: tuple[float, float], text: str = "one two") -> TranscribeResult:
    """One segment with words at these times."""
    words = tuple(Word(text=" x", start=start, end=end) for start, end in times)
    segment = Segment(id=0, start=0.0, end=2.0, text=text, words=words)
    return TranscribeResult(language="en-gb", segments=(segment,))


@pytest.mark.parametrize(
    ("result", "good"),
    [
        pytest.param(spoken((0.0, 1.0), (1.0, 2.0)), True, id="in-order"),
        pytest.param(spoken(), False, id="no-words"),
        pytest.param(spoken(text=""), True, id="no-text-either"),
        pytest.param(spoken((0.0, 0.0)), False, id="without-length"),
        pytest.param(spoken((1.0, 2.0), (0.0, 1.0)), False, id="backwards"),
        pytest.param(TranscribeResult(language=None, segments=()), True, id="silence"),
    ],
)
def test_good_word_times(result: TranscribeResult, *, good: bool) -> None:
    assert has_good_word_times(result) is good


@pytest.mark.parametrize(
    ("result", "covered", "able", "reason"),
    [
        pytest.param(spoken(), {"all": ()}, "all", "", id="every-language"),
        pytest.param(spoken(), {"de": ("de",), "en": ("fr", "en")}, "en", "", id="a-variety"),
        pytest.param(spoken(), {"gb": ("en-gb",), "en": ("en",)}, "gb", "", id="this-very-one"),
        pytest.param(
            spoken(),
            {"de": ("de",)},
            None,
            "the model de does not cover the language en-gb",
            id="one",
        ),
        pytest.param(
            spoken(),
            {"de": ("de",), "fr": ("fr",)},
            None,
            "none of de, fr covers the language en-gb",
            id="several",
        ),
        pytest.param(spoken(text=""), {"en": ("en",)}, None, "there is no text", id="no-text"),
        pytest.param(
            TranscribeResult(language=None, segments=spoken().segments),
            {"en": ("en",)},
            None,
            "language of the text is not known",
            id="unknown-language",
        ),
    ],
)
def test_which_model_aligns_a_text(
    result: TranscribeResult, covered: dict[str, tuple[str, ...]], able: str | None, reason: str
) -> None:
    inputs = Inputs(results=Results({TRANSCRIBE: result}))

    picked = ALIGN.pick(covered, inputs, required=True)

    if able is None:
        assert isinstance(picked, Skip)
        assert reason in picked.reason
    else:
        assert picked == able


def test_a_translation_is_in_english() -> None:
    assert text_language(TranscribeOptions(), "de") == "de"
    assert text_language(TranscribeOptions(task="transcribe"), None) is None
    assert text_language(TranscribeOptions(task="translate"), "de") == "en"


def with_refined(transcript: Transcript, result: RefineResult) -> Transcript:
    return REFINE.contribute(transcript, [Found(result=result, window=Window(start=0.0, end=1.0))])


def test_refined_text_keeps_what_was_said() -> None:
    segments = tuple(
        Segment(id=number, start=number, end=number + 1.0, text=text)
        for number, text in enumerate(("uh one", "two", "three"))
    )
    info = RecordingInfo(
        name="a",
        digest="d",
        duration_s=3.0,
        sample_rate=16_000,
        num_channels=1,
        container="wav",
        codec="pcm",
    )
    transcript = Transcript(
        version=1, recording=info, status="complete", text="", language="en", segments=segments
    )

    kept = Notice(code="text_kept", message="segment 2 keeps its text", start=2.0, end=3.0)
    result = RefineResult(texts={0: " One. ", 1: "two"}, warnings=(kept,))

    refined = with_refined(transcript, result)

    assert refined.text == "One. two three"
    assert [segment.raw_text for segment in refined.segments] == ["uh one", None, None]
    assert [segment.start for segment in refined.segments] == [0, 1, 2]
    assert refined.warnings == (msgspec.structs.replace(kept, stage="refine"),)


def test_what_is_written_about_a_text_leaves_the_text_alone() -> None:
    before = GOLDEN["monologue"]()
    chapter = Chapter(start=0.5, end=17.0, title="Rain")
    written = RefineResult(texts={}, title="The concert", summary="It rained.", chapters=(chapter,))

    after = with_refined(before, written)

    assert (after.title, after.summary, after.chapters) == ("The concert", "It rained.", (chapter,))
    assert (after.segments, after.text) == (before.segments, before.text)
    assert with_refined(after, RefineResult(texts={0: "It rained."})).title == "The concert"


def test_an_unsupported_option_is_explained() -> None:
    error = UnsupportedOptionError("beam_sise", engine_entry(), Stage.TRANSCRIBE, ())

    assert "did you mean `beam_size`" in error.message
    assert "fake supports batch_size, beam_size" in str(error.hint)
    able = tuple(f"model-{number}" for number in range(9))
    other = UnsupportedOptionError("title", engine_entry(), Stage.REFINE, able[:1])
    assert other.hint == "use --refine-model model-0"
    hint = UnsupportedOptionError("vad", engine_entry(), Stage.TRANSCRIBE, able).hint
    assert hint == (
        "use --model model-0 (or model-1, model-2, model-3, model-4, model-5 and 3 more)"
    )


def test_a_model_that_cannot_translate_is_explained() -> None:
    model = ModelEntry.read(
        {
            "id": "m",
            "engine": "fake",
            "runtime_model_id": "m",
            "stages": ["transcribe"],
            "name": "M",
            "licence": "MIT",
            "source": {"kind": "bundled", "package": "p"},
            "size_mb": 0,
        }
    )

    assert NoTranslationError(model, ("big",)).hint == "use --model big"
    assert NoTranslationError(model, ()).hint == "leave --task translate out"
