"""Paths of weights for a client on another machine, which does not know the engine's folders."""

from dataclasses import replace
from pathlib import Path

import pytest
from tests.support.fake_engine import fake_line, finished, run_all, transcribe, write_wav

from dalston_sdk.client import EngineClient, EngineRequestError
from dalston_sdk.testing import EngineProcess
from dalston_sdk.wire import ErrorCode, ModelRef


async def test_a_relative_path_lies_below_the_engines_own_weights(tmp_path: Path) -> None:
    models = tmp_path / "models"
    (models / "fake" / "here").mkdir(parents=True)
    (tmp_path / "outside").mkdir()
    wav = write_wav(tmp_path / "audio.wav")
    line = replace(fake_line(), models_dir=models)

    with EngineProcess(line) as process:
        async with process.client() as client:
            here = ModelRef(runtime_id="one", path="fake/here")
            finished(await run_all(client, wav, transcribe(here)))
            assert (await client.health()).loaded == here
            await refused(client, wav, "fake/missing", ErrorCode.MODEL_MISSING)
            await refused(client, wav, "../outside", ErrorCode.INVALID_REQUEST)


async def refused(client: EngineClient, wav: Path, path: str, code: ErrorCode) -> None:
    with pytest.raises(EngineRequestError) as caught:
        await run_all(client, wav, transcribe(ModelRef(runtime_id="one", path=path)))
    assert caught.value.code is code
