"""What a model on this machine does to a text, through the real library and process."""

import asyncio
from collections.abc import Mapping
from contextlib import aclosing
from pathlib import Path
from typing import Any

import pytest
from tests.support.engine_fixtures import Models, own_model
from tests.support.engine_under_test import EngineUnderTest
from tests.support.tiny_gguf import TEXT, make_parrot
from tests.support.transcripts import segments_of

from dalston_sdk.client import EngineRequestError
from dalston_sdk.testing import RunningEngine, check_engine
from dalston_sdk.wire import (
    ErrorCode,
    ModelRef,
    RefineOptions,
    RefineRequest,
    RefineResult,
    Segment,
    TranslateOptions,
    TranslateRequest,
    TranslateResult,
)

TEXTS = {0: "good morning", 4: "welcome to dalston", 9: "good mourning"}


def request_of(model: ModelRef, texts: Mapping[int, str] = TEXTS, **options: Any) -> RefineRequest:
    return RefineRequest(
        model=model, language="en", segments=segments_of(texts), options=RefineOptions(**options)
    )


def refined(
    engine: RunningEngine, model: ModelRef, texts: Mapping[int, str] = TEXTS, **options: Any
) -> RefineResult:
    return engine.result(request_of(model, texts, **options), None, RefineResult)


@pytest.mark.slow  # a process of its own
def test_llama_cpp_conforms(under_test: EngineUnderTest, models: Models) -> None:
    subject = under_test.subject(
        models["parrot"],
        None,
        other_model=models["short"],
        segments=(Segment(id=0, start=0.0, end=2.0, text="good morning"),),
    )
    check_engine(subject)


def test_texts_near_what_was_said_are_taken_and_others_kept(
    engine: RunningEngine, models: Models
) -> None:
    result = refined(engine, models["parrot"], max_cost_usd=0.01)
    assert result.texts == {0: TEXT, 9: TEXT}
    [notice] = result.warnings
    assert (notice.code, notice.start) == ("text_kept", 4.0)
    assert notice.message.startswith("segment 4 keeps its text: the answer changes more")
    assert result.usage is not None
    assert (result.usage.requests, result.usage.cost_usd) == (1, 0.0)
    assert result.usage.input_tokens > result.usage.output_tokens > 0


def test_the_same_request_has_the_same_result(engine: RunningEngine, models: Models) -> None:
    first, second = (refined(engine, models["parrot"], summary=True) for _ in range(2))
    assert first == second


@pytest.mark.parametrize(
    ("level", "taken"),
    [("verbatim+punctuation", {0}), ("light", {0, 9}), ("standard", {0, 9})],
)
def test_levels_are_held_to(
    engine: RunningEngine, models: Models, level: str, taken: set[int]
) -> None:
    assert set(refined(engine, models["parrot"], level=level).texts) == taken


def test_an_overview_is_written(engine: RunningEngine, models: Models) -> None:
    result = refined(
        engine,
        models["parrot"],
        level="none",
        title=True,
        summary=True,
        chapters=True,
        action_items=True,
    )
    assert (result.texts, result.title, result.summary) == ({}, TEXT, TEXT)
    assert result.chapters == ()
    assert result.effective["level"] == "none"


def test_a_translation_is_made(engine: RunningEngine, models: Models) -> None:
    request = TranslateRequest(
        model=models["parrot"],
        language="en",
        segments=segments_of({0: "gut so", 3: "track 9"}),
        options=TranslateOptions(languages=("de",), glossary=("Dalston",)),
    )
    result = engine.result(request, None, TranslateResult)
    assert result.texts == {"de": {0: TEXT, 3: TEXT}}
    assert [notice.code for notice in result.warnings] == ["translation_doubtful"]
    assert result.effective["glossary"] == ["Dalston"]


def test_a_glossary_is_in_the_prompt(engine: RunningEngine, models: Models) -> None:
    plain, longer = (
        refined(engine, models["parrot"], glossary=glossary).usage
        for glossary in (None, ("Dalston", "Kingsland"))
    )
    assert plain is not None
    assert longer is not None
    assert longer.input_tokens > plain.input_tokens


def test_what_does_not_fit_into_the_context_goes_in_smaller_chunks(
    engine: RunningEngine, models: Models
) -> None:
    """Letters are tokens here, so that there is room for a segment or two."""
    many = {**dict.fromkeys(range(8), "good morning"), 12: "good morning " * 200}
    result = refined(engine, models["short"], many, max_cost_usd=0.01)
    assert result.texts == dict.fromkeys(range(8), TEXT)
    [notice] = result.warnings
    assert notice.message == (
        "segment 12 keeps its text: it is too long for the model's context of 1600 tokens"
    )
    assert result.usage is not None
    assert result.usage.requests > 3


def test_an_answer_without_an_end_is_cut_off_and_the_text_kept(
    engine: RunningEngine, models: Models
) -> None:
    with pytest.raises(EngineRequestError, match="the answer was cut off") as caught:
        refined(engine, models["rambler"], {0: "good morning"})
    assert caught.value.code == ErrorCode.INTERNAL
    assert "dalston models list --stage refine" in (caught.value.hint or "")


def test_a_request_can_be_cancelled(engine: RunningEngine, models: Models) -> None:
    """An answer to as much text takes this model minutes."""
    texts = dict.fromkeys(range(60), "and so on and on " * 20)
    request = request_of(models["rambler"], texts)

    async def leave() -> None:
        async with engine.process.client() as client:
            stream = client.run(request, audio=None, share_path=True)
            async with aclosing(stream) as messages:
                await anext(messages)

    asyncio.run(leave())
    assert refined(engine, models["parrot"], {0: "good morning"}).texts == {0: TEXT}


def test_batches_are_refused(engine: RunningEngine, models: Models) -> None:
    with pytest.raises(EngineRequestError, match="batch") as caught:
        refined(engine, models["parrot"], batch=True)
    assert caught.value.code == ErrorCode.UNSUPPORTED_OPTION


def test_a_limit_of_the_cost_is_always_kept(engine: RunningEngine, models: Models) -> None:
    usage = refined(engine, models["parrot"], max_cost_usd=0.0).usage
    assert usage is not None
    assert usage.cost_usd == 0.0


def test_of_several_files_the_one_with_the_model_s_name_is_taken(
    engine: RunningEngine, tmp_path: Path
) -> None:
    (tmp_path / "one.gguf").write_bytes(b"not a model")
    make_parrot(tmp_path / "other.gguf")
    model = ModelRef(runtime_id="other", path=str(tmp_path))
    assert refined(engine, model, {0: "good morning"}).texts == {0: TEXT}


def test_a_damaged_head_is_an_error_of_the_engine(
    under_test: EngineUnderTest, models: Models
) -> None:
    program = """
import random, sys
from pathlib import Path
from dalston_sdk.errors import EngineError
from weights_header import read_header
whole, damaged = Path(sys.argv[1]).read_bytes()[:3000], Path(sys.argv[2])
refused = 0
for seed in range(400):
    chance, head = random.Random(seed), bytearray(whole)
    for _ in range(chance.choice((1, 3, 30))):
        head[chance.randrange(4, len(head))] = chance.choice((0, 1, 9, 127, 255))
    damaged.write_bytes(head)
    try:
        read_header(damaged)
    except EngineError:
        refused += 1
print(refused)
"""
    whole = Path(str(models["parrot"].path)) / "model.gguf"
    assert under_test.run(program, whole, whole.with_name("damaged")) == "400"


@pytest.mark.parametrize(("told", "policy"), [("", "passive"), ("active", "active")])
def test_threads_sleep_while_they_wait_unless_told_otherwise(
    under_test: EngineUnderTest, told: str, policy: str
) -> None:
    said = f"os.environ['OMP_WAIT_POLICY'] = '{told}'; " if told else ""
    program = f"import os; {said}import engine; print(os.environ['OMP_WAIT_POLICY'])"
    assert under_test.run(program) == policy


def test_nothing_to_do_asks_nothing(engine: RunningEngine, models: Models) -> None:
    result = refined(engine, models["parrot"], {})
    assert (result.texts, result.warnings) == ({}, ())


def with_a_list_without_end(whole: bytes) -> bytes:
    """Return a file of which a list has more numbers than any file can have."""
    name = b"tokenizer.ggml.scores"
    place = whole.index(name) + len(name) + 8  # behind the kinds of the value and of its items
    return whole[:place] + (2**50).to_bytes(8, "little") + whole[place + 8 :]


@pytest.mark.parametrize(
    ("problem", "code", "message"),
    [
        ("empty", ErrorCode.MODEL_MISSING, "not complete: *.gguf is missing"),
        ("two", ErrorCode.MODEL_MISSING, "there are 2 files *.gguf in it"),
        ("text", ErrorCode.MODEL_LOAD_FAILED, "it does not begin with GGUF"),
        ("head", ErrorCode.MODEL_LOAD_FAILED, "it is no whole language model in GGUF"),
        ("list", ErrorCode.MODEL_LOAD_FAILED, "model.gguf"),
        ("half", ErrorCode.MODEL_LOAD_FAILED, "llama.cpp cannot load"),
    ],
)
def test_weights_that_cannot_be_used_are_explained(
    engine: RunningEngine, models: Models, tmp_path: Path, problem: str, code: str, message: str
) -> None:
    whole = (Path(str(models["parrot"].path)) / "model.gguf").read_bytes()
    contents = {
        "two": whole,
        "text": b"not a model",
        "head": whole[:300],
        "list": with_a_list_without_end(whole),
        "half": whole[: len(whole) // 2],
    }
    if problem in contents:
        (tmp_path / "model.gguf").write_bytes(contents[problem])
    if problem == "two":
        (tmp_path / "other.gguf").write_bytes(whole)
    with pytest.raises(EngineRequestError) as caught:
        refined(engine, own_model(tmp_path))
    assert caught.value.code == code
    assert message in caught.value.message


def test_a_number_format_is_that_of_the_file(engine: RunningEngine, models: Models) -> None:
    asked = ModelRef(runtime_id="parrot", path=models["parrot"].path, compute_type="int8")
    with pytest.raises(EngineRequestError, match="in the format of the file, and not in int8"):
        refined(engine, asked)


def test_a_model_that_memory_cannot_hold_is_refused(engine: RunningEngine, tmp_path: Path) -> None:
    """A file as large as the machine's memory and more, without a block on the disk."""
    file = make_parrot(tmp_path / "model.gguf")
    with file.open("r+b") as opened:
        opened.truncate(2**43)
    with pytest.raises(EngineRequestError, match=r"it takes about \d{7} MiB") as caught:
        refined(engine, own_model(tmp_path))
    assert caught.value.code == ErrorCode.OUT_OF_MEMORY
    assert "take a smaller model" in (caught.value.hint or "")


def test_a_model_without_a_template_of_its_own_answers(
    engine: RunningEngine, tmp_path: Path
) -> None:
    make_parrot(tmp_path / "model.gguf", template="")
    assert refined(engine, own_model(tmp_path), {0: "good morning"}).texts == {0: TEXT}
