"""Runs of the server's worker: what is the machine's fault, and not the recording's."""

from pathlib import Path

import pytest
from tests.support.pipeline_home import PipelineHome, write_recording

from dalston_cli.pipeline.request import OutputTarget
from dalston_cli.server.work import MachineError, Order, Worker, output_folder


async def test_a_folder_that_takes_no_records_is_no_fault_of_the_recording(
    home: PipelineHome, tmp_path: Path
) -> None:
    worker = Worker(home.environment(), home.note)
    worker.start()
    folder = tmp_path / "job"
    folder.mkdir()
    order = Order(
        source=write_recording(tmp_path / "talk.wav", seconds=1),
        name="talk.wav",
        folder=folder,
        options=home.options(output=OutputTarget(folder=output_folder(folder)), formats=("json",)),
    )
    try:
        (folder / "state").write_text("in the way", encoding="utf-8")
        with pytest.raises(MachineError) as refused:
            await worker.begin(order, home.note).finished
        assert str(folder) in refused.value.reason
        assert str(folder) not in f"{refused.value.message} {refused.value.hint}"
        (folder / "state").unlink()
        finished = await worker.begin(order, home.note).finished
        assert finished.status == "done"
        assert order.transcript.exists()
    finally:
        worker.close()
