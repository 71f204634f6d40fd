"""The fake engine keeps every rule that the conformance suite knows, over both transports."""

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

import pytest
import yaml
from tests.support.fake_engine import FOLDER, MODEL, OTHER_MODEL, fake_line, write_wav

from dalston_sdk.testing import Subject, check_engine
from dalston_sdk.wire import Segment, Stage


def subject(
    folder: Path, *, tcp: bool, knobs: Mapping[str, object] = MappingProxyType({})
) -> Subject:
    entry = yaml.safe_load((FOLDER / "engine.yaml").read_text(encoding="utf-8"))
    return Subject(
        start=fake_line(tcp=tcp, knobs=knobs),
        model=MODEL,
        other_model=OTHER_MODEL,
        audio=write_wav(folder / "audio.wav"),
        stages={
            Stage(name): frozenset(support["options"]) for name, support in entry["stages"].items()
        },
        segments=(
            Segment(id=0, start=0.0, end=1.2, text="a first sentence"),
            Segment(id=1, start=1.2, end=2.4, text="and another"),
        ),
        share_path=not tcp,
    )


@pytest.mark.parametrize(
    ("tcp", "knobs"),
    [(False, {}), (True, {}), (False, {"splits": 1})],
    ids=["socket", "tcp", "in-parts"],
)
def test_fake_engine_conforms(tmp_path: Path, tcp: bool, knobs: dict[str, object]) -> None:
    check_engine(subject(tmp_path, tcp=tcp, knobs=knobs))


@pytest.mark.parametrize(
    ("knobs", "rule"),
    [
        ({"device_lost": 1}, "check_health_before_load: status is failed: the fake device is lost"),
        ({"load_log": "/nonexistent/log"}, "check_load: EngineRequestError"),
        ({"crash_on_run": 1}, "check_results: EngineStreamError"),
        ({"max_batch": 8}, "check_results: EngineRequestError: memory ran out"),
        ({"crash_before_ready": 1}, "the engine ended with 70 before it was ready"),
    ],
    ids=["device", "load", "crash", "memory", "start"],
)
def test_an_engine_that_breaks_a_rule_is_told_which(
    tmp_path: Path, knobs: dict[str, object], rule: str
) -> None:
    with pytest.raises(AssertionError, match=rule):
        check_engine(subject(tmp_path, tcp=False, knobs=knobs))


def test_a_wrong_description_is_found(tmp_path: Path) -> None:
    good = subject(tmp_path, tcp=False)
    wrong = Subject(
        start=good.start,
        model=MODEL,
        audio=good.audio,
        stages={Stage.TRANSCRIBE: frozenset({"language"})},
    )
    with pytest.raises(AssertionError, match=r"check_models_reply: engine\.py offers"):
        check_engine(wrong)
