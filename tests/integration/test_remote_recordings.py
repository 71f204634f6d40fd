"""Recordings on other machines: a real S3 store and a real HTTPS server, both on loopback."""

import io
import logging
from pathlib import Path

import pytest
from tests.support.open_connections import open_connections
from tests.support.pipeline_home import PipelineHome, write_recording
from tests.support.remote_stores import (
    BUCKET,
    KEY,
    WebFiles,
    requests_for,
)
from tests.support.waiting import eventually

from dalston_cli.pipeline.events import WarningRaised
from dalston_cli.pipeline.intake.inputs import InputSources, NothingFoundError, RecordingFinder
from dalston_cli.pipeline.remote.address import Address
from dalston_cli.pipeline.remote.recording import RemoteFile
from dalston_cli.pipeline.remote.stores import store_of
from dalston_cli.pipeline.request import RecordingRequest


def find(*inputs: str, recursive: bool = False) -> list[RecordingRequest]:
    finder = RecordingFinder(
        sources=InputSources(inputs=inputs, recursive=recursive),
        stdin=io.BytesIO(),
        on_warning=lambda _: None,
    )
    return list(finder.find())


def sound(home: PipelineHome, seed: int = 0, seconds: float = 2.0) -> bytes:
    return write_recording(home.base / "made.wav", seed=seed, seconds=seconds).read_bytes()


def put(path: str, data: bytes) -> None:
    store_of(Address(f"s3://{BUCKET}")).system.pipe(f"{BUCKET}/{path}", data)


async def test_a_folder_of_a_bucket_is_transcribed_and_fetched_once(
    home: PipelineHome, bucket: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "werkzeug")
    put("in/a.wav", sound(home, 1))
    put("in/below/b.wav", sound(home, 2))
    put("in/notes.txt", b"no recording")
    put("in/.hidden.wav", b"hidden")

    report = await home.run(find(f"{bucket}/in/", recursive=True))

    assert report.counts == {"done": 2}
    assert home.statuses() == {f"{bucket}/in/a.wav": "done", f"{bucket}/in/below/b.wav": "done"}
    assert (home.outputs / "below" / "b.txt").read_text("utf-8").startswith("word0 word1")
    assert not list((home.locations.cache / "decoded").iterdir())
    fetched = requests_for(caplog.text, "GET")
    assert any("a.wav" in path for path in fetched)
    caplog.clear()

    again = await home.run(find(f"{bucket}/in/", recursive=True))

    assert again.counts == {"unchanged": 2}
    assert [path for path in requests_for(caplog.text, "GET") if ".wav" in path] == []
    assert requests_for(caplog.text, "HEAD") == ["/talks/in"]


async def test_other_formats_need_no_second_transfer(
    home: PipelineHome, bucket: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "werkzeug")
    put("a.wav", sound(home))
    await home.run(find(f"{bucket}/a.wav"))
    caplog.clear()

    report = await home.run(find(f"{bucket}/a.wav"), formats=("srt",))

    assert report.counts == {"done": 1}
    assert requests_for(caplog.text, "GET") == []
    assert (home.outputs / "a.srt").exists()


async def test_what_changed_in_the_bucket_is_done_again(home: PipelineHome, bucket: str) -> None:
    put("a.wav", sound(home, 1))
    put("b.wav", sound(home, 2))
    await home.run(find(bucket))
    put("b.wav", sound(home, 3))

    await home.run(find(bucket))

    assert home.statuses() == {f"{bucket}/a.wav": "unchanged", f"{bucket}/b.wav": "done"}


async def test_patterns_and_folders_follow_the_rules_of_this_machine(
    home: PipelineHome, bucket: str
) -> None:
    for name in ("in/a.wav", "in/b.mp3", "in/below/c.wav"):
        put(name, b"x")
    assert [one.name for one in find(f"{bucket}/in/*.wav")] == [f"{bucket}/in/a.wav"]
    assert [str(one.relative) for one in find(f"{bucket}/in")] == ["a.wav", "b.mp3"]
    assert len(find(f"{bucket}/in", recursive=True)) == 3
    with pytest.raises(NothingFoundError):
        find(f"{bucket}/in/*.flac")


def test_what_exists_is_no_pattern(bucket: str) -> None:
    for name in ("in/a[1].wav", "in/a1.wav", "in/b*.wav", "in/bc.wav", "day[2]/c.wav"):
        put(name, b"x")
    for key in ("in/a[1].wav", "in/b*.wav"):
        assert [one.name for one in find(f"{bucket}/{key}")] == [f"{bucket}/{key}"]
    assert [one.name for one in find(f"{bucket}/day[2]/")] == [f"{bucket}/day[2]/c.wav"]
    assert [one.name for one in find(f"{bucket}/in/b[c].wav")] == [f"{bucket}/in/bc.wav"]


async def test_a_key_never_leads_out_of_the_output_folder(home: PipelineHome, bucket: str) -> None:
    put("in/../../up.wav", sound(home))
    with pytest.raises(NothingFoundError, match=r"no recordings found in s3://talks$"):
        find(bucket, recursive=True)  # the parts with dots are hidden
    report = await home.run(find(f"{bucket}/in/../../up.wav"))
    assert report.counts == {"done": 1}
    assert (home.outputs / "up.txt").exists()
    assert not list(home.base.glob("up*"))


async def test_a_bucket_that_is_not_ours_is_one_failed_recording(
    home: PipelineHome, bucket: str
) -> None:
    put("a.wav", sound(home))
    report = await home.run(find(f"{bucket}/a.wav", f"{bucket}/gone.wav", "s3://not-there/b.wav"))
    assert report.counts == {"done": 1, "failed": 2}
    assert {error.code for error in report.errors} == {"remote_missing"}


async def test_a_recording_by_https_is_fetched_once(home: PipelineHome, web: WebFiles) -> None:
    web.files["/talk.wav"] = sound(home)
    report = await home.run(find(f"{web.url}/talk.wav"))
    assert report.counts == {"done": 1}
    assert web.gets() == ["/talk.wav"]

    again = await home.run(find(f"{web.url}/talk.wav"))

    assert again.counts == {"unchanged": 1}
    assert web.gets() == ["/talk.wav"]
    web.files["/talk.wav"] = sound(home, 5)
    await home.run(find(f"{web.url}/talk.wav"))
    assert home.statuses() == {f"{web.url}/talk.wav": "done"}
    assert len(web.gets()) == 2


async def test_a_date_of_this_minute_is_not_trusted(home: PipelineHome, web: WebFiles) -> None:
    web.files["/talk.wav"] = sound(home)
    web.tagless.add("/talk.wav")
    web.dates["/talk.wav"] = 4e9  # in the future: no clock says that it is settled
    for _ in range(2):
        await home.run(find(f"{web.url}/talk.wav"))
    assert home.statuses() == {f"{web.url}/talk.wav": "unchanged"}
    assert len(web.gets()) == 2
    del web.dates["/talk.wav"]
    for _ in range(2):
        await home.run(find(f"{web.url}/talk.wav"))
    assert len(web.gets()) == 3, "by then it can be told that it is the same"
    assert home.num_engine_runs == 1


async def test_a_transfer_that_breaks_off_is_tried_again(home: PipelineHome, web: WebFiles) -> None:
    web.files["/talk.wav"] = sound(home)
    web.cut["/talk.wav"] = 2

    report = await home.run(find(f"{web.url}/talk.wav"))

    assert report.counts == {"done": 1}
    assert [one.code for one in home.of(WarningRaised)].count("retried") == 2


async def test_nothing_is_made_of_half_a_recording(home: PipelineHome, web: WebFiles) -> None:
    web.files["/talk.wav"] = sound(home)
    web.cut["/talk.wav"] = 99

    report = await home.run(find(f"{web.url}/talk.wav"))

    assert report.counts == {"failed": 1}
    assert report.errors[0].code in {"remote_incomplete", "remote_unreachable"}
    assert home.num_engine_runs == 0
    assert not home.outputs.exists() or not list(home.outputs.iterdir())


async def test_a_recording_of_unknown_length_is_bounded(home: PipelineHome, web: WebFiles) -> None:
    web.files["/talk.wav"] = sound(home)
    web.bare.add("/talk.wav")
    assert (await home.run(find(f"{web.url}/talk.wav"))).counts == {"done": 1}
    web.files["/talk.wav"] = sound(home, 9)

    report = await home.run(find(f"{web.url}/talk.wav"), spool_bytes=1000)

    assert [error.code for error in report.errors] == ["spool_limit"]


async def test_an_answer_that_is_left_unread_leaves_no_connection(web: WebFiles) -> None:
    web.files["/talk.wav"] = bytes(600_000)  # more than is read ahead, less than waits encrypted
    web.bare.add("/talk.wav")
    url = f"{web.url}/talk.wav"
    with store_of(Address(url)).system.open(url, "rb", block_size=0):
        await eventually(lambda: "read=idle" in str(open_connections()))  # the server has ended it
    await eventually(lambda: not open_connections())


async def test_a_redirect_is_told_and_one_without_encryption_refused(
    home: PipelineHome, web: WebFiles
) -> None:
    web.files["/real.wav"] = sound(home)
    other = web.url.replace("127.0.0.1", "localhost")
    web.moved["/talk.wav"] = f"{other}/real.wav"
    web.moved["/plain.wav"] = "http://127.0.0.1:1/real.wav"

    report = await home.run(find(f"{web.url}/talk.wav", f"{web.url}/plain.wav"))

    assert report.counts == {"done": 1, "failed": 1}
    assert report.errors[0].code == "redirect_refused"
    [told] = [one for one in home.of(WarningRaised) if one.code == "redirected"]
    assert told.message == f"{web.url}/talk.wav is fetched from {other}/real.wav"


async def test_a_redirect_in_a_circle_is_not_tried_again(home: PipelineHome, web: WebFiles) -> None:
    web.moved["/circle.wav"] = "/circle.wav"
    report = await home.run(find(f"{web.url}/circle.wav"))
    assert report.counts == {"failed": 1}
    assert report.errors[0].message == (
        f"{web.url}/circle.wav cannot be reached: it leads in a circle"
    )
    assert not [one for one in home.of(WarningRaised) if one.code == "retried"]


async def test_a_damaged_recording_elsewhere_has_no_command_for_here(
    home: PipelineHome, bucket: str
) -> None:
    put("noise.wav", b"RIFFnoise" * 400)
    report = await home.run(find(f"{bucket}/noise.wav"))
    assert report.errors[0].code == "not_media"
    assert report.errors[0].hint == "fetch it, and see what it is with the command file"


async def test_refusals_of_a_server_say_what_to_do(home: PipelineHome, web: WebFiles) -> None:
    web.status |= {"/closed.wav": 403, "/sick.wav": 503}
    web.files["/page"] = b"<html>"
    names = ("closed.wav", "sick.wav", "gone.wav", "page")
    report = await home.run(find(*(f"{web.url}/{name}" for name in names)))
    codes = {str(error.recording).rpartition("/")[2]: error.code for error in report.errors}
    assert codes == {
        "closed.wav": "remote_denied",
        "sick.wav": "remote_unreachable",
        "gone.wav": "remote_missing",
        "page": "page_empty",
    }


async def test_secrets_of_a_url_are_nowhere(
    home: PipelineHome, web: WebFiles, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "dalston_cli")
    web.login = "Basic YWRhOmh1bnRlcjI="
    web.files["/talk.wav"] = sound(home)
    signed = web.url.replace("https://", "https://ada:hunter2@")
    good = f"{signed}/talk.wav?id=7&X-Amz-Signature=5ec4e7a1"
    bad = f"{signed}/gone.wav?X-Amz-Signature=5ec4e7a1"

    report = await home.run(find(good, bad))

    assert report.counts == {"done": 1, "failed": 1}
    texts = [repr(home.events), repr(report), caplog.text, *home.printed]
    places = (home.locations.state, home.locations.cache, home.outputs)
    files = [path for place in places for path in place.rglob("*") if path.is_file()]
    assert len(files) > 3
    everything = "\n".join(texts).encode() + b"".join(path.read_bytes() for path in files)
    for secret in (b"hunter2", b"5ec4e7a1", b"ada:"):
        assert secret not in everything
    other = good.replace("5ec4e7a1", "another1")
    assert (await home.run(find(other))).counts == {"unchanged": 1}  # signed anew: the same file


async def test_keys_of_a_store_are_nowhere(home: PipelineHome, bucket: str) -> None:
    put("a.wav", sound(home))
    await home.run(find(f"{bucket}/a.wav", f"{bucket}/gone.wav"))
    places = (home.locations.state, home.locations.cache, home.outputs)
    files = [path for place in places for path in place.rglob("*") if path.is_file()]
    assert not [path for path in files if KEY.encode() in path.read_bytes()]
    assert KEY not in repr(home.events)


async def test_fetched_recordings_share_their_room(home: PipelineHome, web: WebFiles) -> None:
    for number in range(6):
        web.files[f"/{number}.wav"] = sound(home, number)
    size = len(web.files["/0.wav"])

    report = await home.run(
        find(*(f"{web.url}{path}" for path in web.files)), spool_bytes=size + size // 2, jobs=6
    )

    assert report.counts == {"done": 6}
    too_large = await home.run(find(f"{web.url}/0.wav"), spool_bytes=size - 1, overwrite=True)
    assert [error.code for error in too_large.errors] == ["spool_limit"]
    assert "--spool-limit" in str(too_large.errors[0].hint)


def test_a_list_and_a_manifest_may_name_addresses(tmp_path: Path, web: WebFiles) -> None:
    (tmp_path / "names.txt").write_text(f"{web.url}/a.wav\n", encoding="utf-8")
    finder = RecordingFinder(
        sources=InputSources(files_from=str(tmp_path / "names.txt")),
        stdin=io.BytesIO(),
        on_warning=lambda _: None,
    )
    [recording] = finder.find()
    assert isinstance(recording.source, RemoteFile)
    assert recording.relative == Path("a.wav")
