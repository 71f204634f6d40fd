"""``dalston align`` on a bare machine, with people's speech whose words are known."""

import json
import wave
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import webvtt
from tests.acceptance.home import Home, leaving, short_folder
from tests.support.real_speech import SPEECH, needs_real_speech

pytestmark = needs_real_speech

MODEL = ("-m", "pocketsphinx-en-us")
HALF_A_SECOND = b"\0\0" * 8000
FIRST, SECOND, THIRD, FOREIGN = "austen-0870", "austen-0880", "austen-0890", "jfk"
MISSING = "He survived his son no longer, and ten thousand pounds was all that remained to him."


@pytest.fixture(scope="module")
def user() -> Iterator[Home]:
    with leaving(Home(short_folder())) as home:
        yield home


def samples(name: str) -> bytes:
    with wave.open(str(SPEECH / f"{name}.wav")) as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (16_000, 1, 2)
        data: bytes = file.readframes(file.getnframes())
    return data


def words(name: str) -> str:
    return (SPEECH / f"{name}.txt").read_text(encoding="utf-8").strip()


def paragraph(*names: str) -> str:
    return " ".join(f"{words(name).capitalize()}." for name in names)


@pytest.fixture(scope="module")
def novel(user: Home) -> dict[str, float]:
    """A recording with foreign speech in it, a text with a passage more; where each part begins."""
    parts = (FIRST, SECOND, FOREIGN, THIRD)
    begins, data = {}, b""
    for name in parts:
        begins[name] = len(data) / 32_000
        data += samples(name) + HALF_A_SECOND
    with wave.open(str(user.folder / "novel.wav"), "wb") as file:
        file.setparams((1, 2, 16_000, 0, "NONE", ""))
        file.writeframes(data)
    text = f"{paragraph(FIRST)}\n\n{MISSING}\n\n{paragraph(SECOND, THIRD)}\n"
    (user.folder / "novel.txt").write_text(text, encoding="utf-8")
    return begins


def read(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def test_a_text_is_aligned_and_tells_what_is_only_in_one_of_both(
    user: Home, novel: dict[str, float]
) -> None:
    done = user.run("align", "novel.wav", "novel.txt", *MODEL, "-f", "json,txt,vtt", "-o", "out")
    assert done.returncode == 0, done.stderr
    transcript = read(user.folder / "out/novel.json")
    found = transcript["known_text"]
    assert [one["text"] for one in found["left_out"]] == [MISSING]
    assert found["left_out"][0]["start"] == pytest.approx(novel[SECOND], abs=1.2)
    [added] = found["added"]
    assert (added["start"], added["end"]) == (
        pytest.approx(novel[FOREIGN], abs=1),
        pytest.approx(novel[THIRD], abs=1.5),
    )
    assert [each["text"] for each in transcript["segments"]] == [
        paragraph(name) for name in (FIRST, SECOND, THIRD)
    ]
    starts = [each["start"] for each in transcript["segments"]]
    assert starts == pytest.approx([novel[name] for name in (FIRST, SECOND, THIRD)], abs=0.6)
    timings = [word["timing"] for each in transcript["segments"] for word in each["words"]]
    assert len(timings) == 22 + 8 + 14
    assert timings.count("aligned") >= 0.8 * len(timings)
    assert found["num_aligned"] == timings.count("aligned")
    assert transcript["provenance"]["text"] == [{"stage": "user"}]
    assert (user.folder / "out/novel.txt").read_text(encoding="utf-8") == (
        f"{paragraph(FIRST)}\n\n{paragraph(SECOND, THIRD)}\n"
    )
    cues = webvtt.read(str(user.folder / "out/novel.vtt")).captions
    said = " ".join(cue.text.replace("\n", " ") for cue in cues)
    assert said == paragraph(FIRST, SECOND, THIRD)
    assert f"left out at 00:00:0{int(found['left_out'][0]['start'])}: 16 words: He" in done.stderr
    assert "added from 00:00:1" in done.stderr


def test_without_alignment_words_have_the_times_that_were_recognised(
    user: Home, novel: dict[str, float]
) -> None:
    command = ("align", "novel.wav", "novel.txt", *MODEL, "--align", "never")
    done = user.run_here(*command, "-f", "json", "-o", "plain", "--json", cwd=user.folder)
    assert done.returncode == 0, done.stderr
    finished = next(
        event
        for event in map(json.loads, done.stdout.splitlines())
        if event["event"] == "job_finished"
    )
    found = finished["known_text"]
    assert "num_aligned" not in found
    assert found["num_recognised"] > 2 * found["num_interpolated"] > 0
    transcript = read(user.folder / "plain/novel.json")
    assert transcript["known_text"] == found
    timed = [word for each in transcript["segments"] for word in each["words"]]
    assert {word["timing"] for word in timed} == {"recognised", "interpolated"}
    assert all(word["start"] < word["end"] for word in timed)


def test_another_text_fails_and_is_no_bug(user: Home, novel: dict[str, float]) -> None:
    (user.folder / "speech.txt").write_text(paragraph(FOREIGN), encoding="utf-8")
    (user.folder / "recipe.txt").write_text("Peel the onions. Fry them gently in butter.\n")
    done = user.run_here("align", "novel.wav", "recipe.txt", *MODEL, cwd=user.folder)
    assert done.returncode == 6, done.stderr
    assert "recipe.txt is not what is said: 0 of its 8 words were found" in done.stderr


def test_the_text_itself_is_never_written_over(user: Home, novel: dict[str, float]) -> None:
    command = ("align", "novel.wav", "novel.txt", *MODEL, "-f", "txt", "--overwrite")
    before = (user.folder / "novel.txt").read_bytes()
    done = user.run_here(*command, cwd=user.folder)
    assert done.returncode == 2, done.stderr
    assert "novel.txt would be replaced" in done.stderr
    assert (user.folder / "novel.txt").read_bytes() == before


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        pytest.param(("novel.wav", "missing.txt"), "No such file", id="no text"),
        pytest.param((".", "novel.txt"), "recordings, and the text is of one", id="a folder"),
        pytest.param(
            ("novel.wav", "novel.txt", "--channels", "split"),
            "not in each by itself",
            id="channels",
        ),
    ],
)
def test_what_cannot_be_is_refused_before_anything_runs(
    user: Home, novel: dict[str, float], words: tuple[str, ...], problem: str
) -> None:
    if words[0] == ".":
        (user.folder / "again.wav").write_bytes((user.folder / "novel.wav").read_bytes()[:-2])
    done = user.run_here("align", *words, cwd=user.folder)
    assert done.returncode in {2, 3}, done.stderr
    assert problem in done.stderr
