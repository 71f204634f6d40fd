"""Every key that results are stored under, as 0.1 made it: what was done then is never done again.

No digest here ever changes. Where a test fails, the code is wrong: it would lose what users have
stored.
"""

import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.support.pipeline_home import MACHINE, make_catalog, write_model
from tests.support.run_options import BY_NAME, planned, run_options

from dalston_cli.audio.channels import Channels
from dalston_cli.audio.clip import Clip
from dalston_cli.catalog.schema import EngineEntry
from dalston_cli.pipeline.jobs.keys import prepare_key, stage_key
from dalston_cli.pipeline.plan.model import Launch, PlanContext, StagePlan, Weights
from dalston_cli.pipeline.plan.planner import plan_recording
from dalston_cli.pipeline.records.keys import make_key
from dalston_cli.pipeline.request import Overrides
from dalston_cli.stages.base import Inputs, Results
from dalston_sdk.wire import (
    AlignOptions,
    AlignResult,
    DiarizeOptions,
    EmotionOptions,
    EventsOptions,
    RecordingInfo,
    RefineOptions,
    Segment,
    TokenPrices,
    TranscribeOptions,
    TranscribeResult,
    Transcript,
    Word,
)

RECORDING, AUDIO = f"sha256:{'1' * 64}", f"sha256:{'2' * 64}"
UPSTREAM, PREPARED, PLAN = "3" * 64, "4" * 64, "5" * 64

EVERY_STAGE: Mapping[str, Any] = {
    "transcribe": TranscribeOptions(language="en", batch_size=4, beam_size=2, initial_prompt="Hm"),
    "align": "always",
    "align_options": AlignOptions(batch_size=3),
    "diarize": DiarizeOptions(num_speakers=2),
    "emotion": EmotionOptions(threshold=0.25),
    "events": EventsOptions(threshold=0.5, labels=("Dog", "Cat")),
    "refine": RefineOptions(level="light", max_cost_usd=2.5),
    "overview": RefineOptions(level="none", summary=True, max_cost_usd=1.0),
}

SEGMENTS = (
    Segment(
        id=0,
        start=0.0,
        end=1.0,
        text="uh one",
        words=(Word(text=" uh", start=0.0, end=0.5),),
        speaker="SPEAKER_00",
        language="en",
        confidence=0.5,
    ),
    Segment(id=1, start=1.0, end=2.5, text="zwei ö"),
)


SPOKEN = TranscribeResult(language="en", segments=SEGMENTS)
ALIGNED = AlignResult(segments=SEGMENTS)


@pytest.fixture
def context(tmp_path: Path) -> PlanContext:
    folder = tmp_path / "catalog"
    write_model(folder, "bundle", "transcribe, align, diarize", words="false", rank=-9)
    write_model(folder, "german", "align", languages="de", rank=-1)
    catalog = make_catalog(folder)
    return PlanContext(
        catalog=catalog,
        machine=MACHINE,
        installed={name: Weights(digest=f"sha256:{name}", path=None) for name in catalog.models},
        launch=launch,
    )


def launch(engine: EngineEntry, device: str) -> Launch:
    return Launch(launcher="local", digest=f"{engine.name}@{device}")


def one(context: PlanContext, step: str) -> StagePlan:
    """One stage of a plan that has all of them."""
    return planned(plan_recording(context, run_options(**EVERY_STAGE)), step)


@pytest.mark.parametrize(
    ("channels", "clip", "key"),
    [
        ("mix", None, "b66495424e70f2b6148d818b46e73bf6849bbcedbf10d99ca859d8de256c3a61"),
        ("split", None, "4fa4ff4b260bef56161120c06266bc5a6293b7c1767fc95a89eed3ff9500ff27"),
        (1, None, "ff0b6f2f82bce7486d5d8262dff3428ed6032996ed32245708fcfc79bc361401"),
        (
            "mix",
            Clip(start=1.5, end=3.0),
            "4cd1d54eb15be72444430e55b93a3ed62ad5e652fb23f8f46c743349938cd16e",
        ),
        (
            "split",
            Clip(start=2.0),
            "e3d80499166e60b678b218980cf0226fb955ed10a5af6df5accb198d1318c5ea",
        ),
    ],
)
def test_prepared_audio(
    channels: Channels, clip: Clip | None, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The version of the media library is a part of the key, and which one is installed varies.
    module = sys.modules[prepare_key.__module__]
    monkeypatch.setattr(module, "_decoder_version", lambda: "17.0.1")

    assert prepare_key(RECORDING, channels, clip) == key


def test_parts_of_a_recording_have_keys_of_their_own() -> None:
    clips = (Clip(end=9), Clip(end=9, gaps=((2, 5),)), Clip(end=9, gaps=((2, 6),)))
    assert len({prepare_key(RECORDING, "mix", clip) for clip in clips}) == len(clips)


@pytest.mark.parametrize(
    ("step", "found", "key"),
    [
        ("transcribe", {}, "2fa5cac2b15eee9f93b854a8fbb6dbe4fad4654cee31f1456a39948052343fc8"),
        (
            "align",
            {"transcribe": SPOKEN},
            "6309117c5a5c6ef1291fae50a40596176c5fa134606289bd111a4f032c458ba1",
        ),
        ("diarize", {}, "c18580cdc5f5aeee29c70dd6094051d014a5cd7ce719562c18b163280b4c94a6"),
        (
            "emotion",
            {"transcribe": SPOKEN, "align": ALIGNED},
            "b0df345966ee5d0ada56c5bf01d6208f73da34c733ef32989e7f467970eb2461",
        ),
        (
            "emotion",
            {"transcribe": SPOKEN},
            "6ebaba6996161d99f74fa64a56f9eb19bb05991186628beebcc20591f53fb069",
        ),
        ("events", {}, "efc3ee0b5a8e7c3ea707dc14bf67437d8022866ee63651fe598a5d3ae2c50e66"),
    ],
)
def test_stages_that_need_audio(
    step: str, found: dict[str, Any], key: str, context: PlanContext
) -> None:
    results = Results({BY_NAME[name]: result for name, result in found.items()})
    inputs = Inputs(results=results, keys=dict.fromkeys(found, UPSTREAM))

    assert stage_key(one(context, step), AUDIO, BY_NAME[step].upstream(inputs)) == key


@pytest.mark.parametrize(
    ("step", "language", "key"),
    [
        ("refine", "en", "ad94a3e0f33c370595f596670b5569a89729499cea3263bfabf9d473d417a1ec"),
        ("refine", None, "7a1ae5bb2529c652448250db8b8be4c65ac08a426eb890ceb8b3cb64bcee27ca"),
        ("overview", "en", "493c57fe26b2691fa74eed7c605aa5e850445c8962c661b40cd22375b21ae7e6"),
    ],
)
def test_stages_that_need_the_text(
    step: str, language: str | None, key: str, context: PlanContext
) -> None:
    info = RecordingInfo(
        name="a", digest="d", duration_s=1.0, sample_rate=1, num_channels=1, container="", codec=""
    )
    transcript = Transcript(
        version=1, recording=info, status="complete", text="", language="de", segments=SEGMENTS
    )
    inputs = Inputs(transcript=transcript, language=language)

    assert stage_key(one(context, step), "", BY_NAME[step].upstream(inputs)) == key


@pytest.mark.parametrize("device", ["cuda", "cuda:0", "cuda:3"])
def test_any_gpu_is_as_good_as_another(device: str, context: PlanContext) -> None:
    stage = replace(one(context, "transcribe"), device=device, compute_type="float16")

    assert stage_key(stage, AUDIO) == (
        "c04fb466004b0694e5d32a8957f99079afd99b66f7a567f97820fa3784d9f1e1"
    )


@pytest.mark.parametrize(
    "options",
    [
        RefineOptions(level="light"),
        RefineOptions(level="light", max_cost_usd=9.0, batch=True),
        RefineOptions(level="light", prices=TokenPrices(input_usd=1.0, output_usd=2.0)),
    ],
)
def test_a_result_is_the_same_at_any_price(options: RefineOptions, context: PlanContext) -> None:
    stage = replace(one(context, "refine"), options=options)

    assert stage_key(stage, "", ("text",)) == (
        "3eb8be4a255514956a608793030d9a0490180f44a02054e0b171f711d2e3505a"
    )


@pytest.mark.parametrize(
    ("options", "overrides", "key"),
    [
        pytest.param(
            {},
            {},
            "cee6e9725da9697e82339eedf4c0fef42796a1201aa1248a00bc7e51f6334011",
            id="nothing-asked",
        ),
        pytest.param(
            EVERY_STAGE,
            {},
            "ee376e965c1acba46c4e2c775c05b8ac6dd5408abde1eab8f63e57f4b08b8a66",
            id="every-stage",
        ),
        pytest.param(
            {"model": "speech-no-words"},
            {},
            "f8edf85dabcd9e4c4760d120a42e2c020c8e56664fb21a429a39236a0f02a05d",
            id="several-aligners",
        ),
        pytest.param(
            {"model": "speech-no-words", "transcribe": TranscribeOptions(language="de")},
            {},
            "2feaa6603544cfac27bfcd021c87288e9deb77ac1190ac5d5e84b46b5fef5ef8",
            id="one-aligner",
        ),
        pytest.param(
            {"model": "speech-no-words", "align": "never"},
            {},
            "6c85e69d99b86eae2808b7e24d058e246248955472e3644e41871ac8519138ae",
            id="never-aligned",
        ),
        pytest.param(
            {"diarize": DiarizeOptions(), "channels": "split"},
            {},
            "34fd4994eb63a4d89a94c5c9333a15a35f3b0f9cf3fdc293faaec3d5f00b7e58",
            id="each-channel-is-a-speaker",
        ),
        pytest.param(
            {"model": "bundle", "diarize": DiarizeOptions()},
            {},
            "abe8b44f66dea500dd1f299544de1f87fd811df691a21fa403643d38ec6f8e2d",
            id="bundle",
        ),
        pytest.param(
            {"speaker_names": (("SPEAKER_00", "Ada"), ("SPEAKER_01", "Eve"))},
            {},
            "8ddef9bae47f7c340666f7f55fddd110a91234f3e4565165ab385af2d2e506cc",
            id="speaker-names",
        ),
        pytest.param(
            {"clip": Clip(start=0.5, end=2.0), "channels": 0},
            {},
            "06b087dbbf2300a4fa884739068ec17f20a7743f223b51d733d829951f4c6949",
            id="clip",
        ),
        pytest.param(
            {"clip": Clip(start=0.5)},
            {},
            "cb4035b721c481f1bfa5c163b4fbaa7c21a978f5b0a7dc6fca5eeb5b10de1ce3",
            id="open-clip",
        ),
        pytest.param(
            {"compute_type": "int8", "model": "speech-other"},
            {},
            "20302f142a8e6074a62a327eb598d0f9e8c46467d90c0bad3309fb847e901b6c",
            id="compute-type",
        ),
        pytest.param(
            {"diarize": DiarizeOptions(), "stage_models": {"diarize": "speakers-raises"}},
            {},
            "fff13e17ec354de9afa07e0f63306db7f1f7cbf9fbb915c4052a2a570e35840d",
            id="model-of-a-stage",
        ),
        pytest.param(
            {"diarize": DiarizeOptions(min_speakers=2)},
            {"language": "de", "num_speakers": 3, "initial_prompt": "Ja"},
            "b4e19ff6e316876d5818e85e4710726a204e796a8a4f8c58bd61222e74cf23f4",
            id="manifest",
        ),
    ],
)
def test_plans(
    options: dict[str, Any], overrides: dict[str, Any], key: str, context: PlanContext
) -> None:
    plan = plan_recording(context, run_options(**options), Overrides(**overrides))

    assert plan.key == key


@pytest.mark.parametrize(
    ("language", "key"),
    [
        (None, "f80fafd5a69ee7c9886a83f45d57c0efe83a7f45de81e5de7e159dafcead8d89"),
        ("el", "6bf9c24970995aafb30f92548388de2158e2e9ab96c10fbc022f96f55aa2b677"),
    ],
)
def test_the_reason_why_nothing_aligns_is_part_of_the_key(
    language: str | None, key: str, context: PlanContext
) -> None:
    gone = {"aligner", "german", "bundle"} if language is None else set()
    installed = {name: found for name, found in context.installed.items() if name not in gone}
    models = context.catalog.models
    kept = {name: model for name, model in models.items() if name not in {"bundle", *gone}}
    catalog = replace(context.catalog, models=kept)
    options = run_options(model="speech-no-words", transcribe=TranscribeOptions(language=language))

    plan = plan_recording(replace(context, installed=installed, catalog=catalog), options)

    assert [skipped.stage.name for skipped in plan.skipped] == ["align"]
    assert plan.key == key


def test_transcripts_and_recordings_that_were_refused() -> None:
    assert make_key("transcript", prepared=PREPARED, plan=PLAN) == (
        "7be676df484c8f406f3f077072f11037b7c305ebb3f4c609d7fd0fb31eae0d35"
    )
    assert make_key("refused", name="a b.wav", what=PREPARED) == (
        "12df340f34fe612f7b8673aee5785898aaa43c702ecdf683475f8cc039a58799"
    )
