"""A recording's audio as a job sees it: from the store where that still holds, or decoded."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import pytest
from tests.support.pipeline_home import request_for

from dalston_cli.audio.request import MIXING, AudioInfo, AudioRequest, Channel, Pause
from dalston_cli.pipeline.jobs.base import Engines, JobTools
from dalston_cli.pipeline.records.claims import Claims
from dalston_cli.pipeline.records.journal import Journal
from dalston_cli.pipeline.records.refusals import Refusals
from dalston_cli.pipeline.records.store import FileStore
from dalston_cli.pipeline.running.audio import RecordingAudio
from dalston_cli.pipeline.running.budget import Budget
from dalston_cli.pipeline.running.recording_bytes import RecordingBytes
from dalston_cli.pipeline.running.stage_failures import StageFailures
from dalston_sdk.wire import RecordingInfo

OLD, NEW = f"sha256:{'1' * 64}", f"sha256:{'2' * 64}"


@dataclass
class CountingDecoder:
    """Answers at once, by the rules of today."""

    count: int = 0

    async def prepare(self, request: AudioRequest) -> AudioInfo:
        del request
        self.count += 1
        return described(NEW, mixing=MIXING)


def described(audio_digest: str, *, mixing: int, num_channels: int = 2) -> AudioInfo:
    info = RecordingInfo(
        name="a.wav",
        digest=OLD,
        duration_s=2.0,
        sample_rate=16000,
        num_channels=num_channels,
        container="wav",
        codec="pcm_s16le",
    )
    channel = Channel(channel=None, duration_s=2.0, audio_digest=audio_digest)
    return AudioInfo(info=info, channels=(channel,), warnings=(), mixing=mixing)


@pytest.fixture
def journal() -> Iterator[Journal]:
    with Journal(Path(":memory:")) as journal:
        yield journal


def unused(*_: Any) -> Any:
    raise AssertionError("a description needs no engine and no output")


@pytest.mark.parametrize(
    ("mixing", "num_channels", "audio_digest"),
    [(1, 2, NEW), (1, 1, OLD), (MIXING, 2, OLD)],
    ids=["an old mix", "one channel", "a mix of today"],
)
async def test_only_old_mixes_are_made_again(
    journal: Journal, tmp_path: Path, mixing: int, num_channels: int, audio_digest: str
) -> None:
    decoder, store = CountingDecoder(), FileStore(tmp_path / "store")
    store.put("prepared", described(OLD, mixing=mixing, num_channels=num_channels))
    tools = JobTools(
        store=store,
        claims=Claims(journal, tmp_path / "claims"),
        claims_here=Claims(journal, tmp_path / "claims"),
        journal=journal,
        refusals=Refusals(journal),
        engines=cast("Engines", unused),
        decoder=decoder,
        open_sink=unused,
        emit=unused,
        budget=Budget(),
        failures=StageFailures(tmp_path / "failures"),
    )
    request = AudioRequest(source=tmp_path / "a.wav", folder=tmp_path, name="a.wav")
    source = RecordingBytes(request_for(tmp_path / "a.wav"), tools, tmp_path, unused)
    audio = RecordingAudio(request, "prepared", tools, source)

    found = await audio.describe()

    assert found.channels[0].audio_digest == audio_digest
    assert decoder.count == (audio_digest == NEW)
    again = RecordingAudio(request, "prepared", tools, source)
    assert await again.describe() == found
    assert not again.decoded


def test_seconds_of_pauses_before_a_time() -> None:
    pauses = (Pause(at_s=5, length_s=100), Pause(at_s=9, length_s=10))
    channel = Channel(channel=None, duration_s=12, audio_digest=NEW, pauses=pauses)
    assert [channel.paused_s(at) for at in (0, 5, 6, 12)] == [0, 0, 100, 110]
