"""The page of ``dalston serve`` where workers do the work: a real browser, a real Redis."""

from pathlib import Path

import pytest
from playwright.sync_api import expect
from tests.support.browser import Visit, chromium
from tests.support.pipeline_home import write_recording
from tests.support.redis_server import needs_redis, redis_server
from tests.support.served import ServerHome, served, worker

pytestmark = [needs_redis, pytest.mark.slow]  # a server, workers, Redis and a browser


def test_the_page_shows_what_workers_do_and_that_none_is_there(tmp_path: Path) -> None:
    (tmp_path / "redis").mkdir()
    talks = [write_recording(tmp_path / f"{n}.wav", seconds=2, seed=n) for n in (1, 2)]
    home = ServerHome({"RUN_S": "1"})
    try:
        with (
            redis_server(tmp_path / "redis") as redis,
            served(home, "--queue", redis.url) as server,
            chromium() as browser,
        ):
            visit = Visit(browser)
            page = visit.open(server.url)
            page.locator("#model").select_option("speech")
            page.locator("#files").set_input_files(talks)
            page.locator("#start").click()
            states = page.locator("#jobs .job .state")
            expect(states).to_have_text(["waits", "waits"])
            with worker(home, "--queue", redis.url, "--jobs", "1") as first:
                expect(page.locator("#jobs")).to_contain_text("transcribe")
                first.process.kill()
                first.process.wait()
            redis.kill()
            expect(page.locator("#trouble")).to_contain_text("cannot be read or kept")
            redis.start()
            with worker(home, "--queue", redis.url, "--jobs", "2") as second:
                expect(states).to_have_text(["done, 0:02", "done, 0:02"], timeout=120_000)
                expect(page.locator("#trouble")).to_be_hidden()
                row = page.locator("#jobs .job").filter(has_text="1.wav")
                row.get_by_label("Format of 1.wav").select_option("srt")
                with page.expect_download() as download:
                    row.get_by_role("button", name="Download 1.wav").click()
                assert Path(download.value.path()).read_text("utf-8").startswith("1\n00:00:00")
                with page.context.expect_page() as opened:
                    row.get_by_role("button", name="Open 1.wav").click()
                expect(opened.value.locator(".segment .text").first).to_be_visible()
                opened.value.close()
                row.get_by_role("button", name="Remove 1.wav").click()
                expect(states).to_have_count(1)
                assert second.stop() == 0
            assert [each for each in visit.complaints if "status of 50" not in each] == []
            visit.context.close()
    finally:
        home.close()
