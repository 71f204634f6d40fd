"""The benchmarks beside the peers: the name of each, what is done, by whom, and the goals."""

import importlib.util
import shutil
import subprocess

from benchmarks.peers import transcribing
from benchmarks.peers.benchmark import Benchmark, Figure, Goal, better_of, over
from benchmarks.peers.machinery import (
    WORKERS,
    dask_workers,
    decoding,
    docker_and_local,
    docker_over_local,
    efficiency,
    files_per_second,
    null_engine,
)

PEERS = ("whisper-ctranslate2", "whisper-ctranslate2 in batches", "whisperx")


def no_ffmpeg() -> str:
    """Say that ffmpeg, which makes the material, is missing, where it is."""
    return "" if shutil.which("ffmpeg") else "ffmpeg is not installed (apt-get install ffmpeg)"


def no_dask() -> str:
    """Say that Dask is not installed, where it is not."""
    found = importlib.util.find_spec("distributed")
    return "" if found else "Dask is not installed (pip install 'dalston[dask]')"


def no_daemon() -> str:
    """Say that there is no Docker daemon, where there is none."""
    if shutil.which("docker") is None:
        return "Docker is not installed (apt-get install docker.io)"
    asked = subprocess.run(["docker", "version"], check=False, capture_output=True)
    return "no Docker daemon answers (set DOCKER_HOST)" if asked.returncode else ""


A_WINDOW = """\
A clip of 2 to 9 s costs the encoder a whole window of 30 s, in Dalston as in its peers, and the
encoder has half of the engine's time. Clips that share a window, or a shorter window, change the
texts (the engine's README has the figures). A model whose window is as long as the clip would help,
such as Parakeet."""
LONG = """\
The library's own work is the same. What Dalston adds is the start of the command, decoding into a
file, and the engine's second look: at what voice activity detection left out, and at speech that
Whisper passed over, each decoded once alone. Distant voices as in these recordings have much of it;
where all is near and clear (read speech, tiny.en) the processor time of all of it is 1.02 times the
bare library's for half an hour in order, with the same text, and 1.01 times for five minutes in
batches. Next: both looks in one pass over the sound."""
NULL = """\
A file of a second takes some 5 ms of the command's processor time and 3 of the engine's, each on
one event loop: two files that wait for the disk, 20 statements of the journal, four hand-overs to
threads and one request. Each step is small, and the largest are above. Next: one commit of the
journal and one request for several recordings that are as short as these."""
DECODE = """\
The decoder and the resampler of the media library are as quick as the command's. What remains is
that both channels are resampled, because they may cancel each other out, where the command
resamples their sum, and that frames are taken one by one, in Python. Next: to resample the sum
alone where the levels of both channels show that nothing cancels out."""
NO_MORE_THAN_A_TENTH = Goal(value=1.1)
BENCHMARKS = (
    Benchmark(
        name="loop",
        what="{looped} short files, one command each, engine warm",
        contenders=transcribing.one_command_each,
        figures=(
            Figure(
                name="times as fast as the better peer",
                ratio=better_of(PEERS, "dalston"),
                goal=Goal(value=4, at_least=True),
            ),
        ),
        missing=no_ffmpeg,
        next_step=A_WINDOW,
    ),
    Benchmark(
        name="short",
        what="{short} short files in one call",
        contenders=transcribing.one_call,
        figures=(
            Figure(
                name="times as fast as the better peer",
                ratio=better_of(PEERS, "dalston"),
                goal=Goal(value=1.5, at_least=True),
            ),
        ),
        missing=no_ffmpeg,
        next_step=A_WINDOW,
    ),
    Benchmark(
        name="batching",
        what="{short} short files in one call, windows of several together or in turn",
        contenders=transcribing.together_and_in_turn,
        figures=(Figure(name="times as fast together", ratio=over("in turn", "together")),),
        missing=no_ffmpeg,
    ),
    Benchmark(
        name="replicas",
        what="{short} short files in one call, 1 or 2 replicas",
        contenders=transcribing.one_and_two_replicas,
        figures=(
            Figure(name="times as fast with 2 replicas", ratio=over("1 replica", "2 replicas")),
        ),
        missing=no_ffmpeg,
    ),
    Benchmark(
        name="long",
        what="{minutes} minutes in one recording, in order",
        contenders=transcribing.long_in_order,
        figures=(
            Figure(
                name="time over the bare library's",
                ratio=over("dalston", "faster-whisper"),
                goal=Goal(value=1.05),
            ),
            Figure(
                name="times as fast as the peer",
                ratio=better_of(PEERS, "dalston"),
                goal=Goal(value=1, at_least=True),
            ),
        ),
        missing=no_ffmpeg,
        next_step=LONG,
    ),
    Benchmark(
        name="long-batched",
        what="{minutes} minutes in one recording, batches of 8",
        contenders=transcribing.long_in_batches,
        figures=(
            Figure(
                name="time over the bare library's",
                ratio=over("dalston", "faster-whisper"),
                goal=Goal(value=1.05),
            ),
            Figure(
                name="times as fast as the better peer",
                ratio=better_of(PEERS, "dalston"),
                goal=Goal(value=1, at_least=True),
            ),
        ),
        missing=no_ffmpeg,
        next_step=LONG,
    ),
    Benchmark(
        name="null",
        what="files of a second, with an engine that answers at once",
        contenders=null_engine,
        figures=(
            Figure(
                name="files in a second",
                ratio=files_per_second,
                goal=Goal(value=200, at_least=True),
            ),
        ),
        uses_models=False,
        next_step=NULL,
    ),
    Benchmark(
        name="decode",
        what="{mp3} minutes of MP3 to 16 kHz mono",
        contenders=decoding,
        figures=(
            Figure(
                name="time over ffmpeg's",
                ratio=over("dalston", "ffmpeg"),
                goal=NO_MORE_THAN_A_TENTH,
            ),
        ),
        uses_models=False,
        missing=no_ffmpeg,
        next_step=DECODE,
    ),
    Benchmark(
        name="dask",
        what="files of a second, an engine that waits half a second over each, workers of Dask",
        contenders=dask_workers,
        figures=[
            Figure(
                name=f"efficiency of {workers} workers", ratio=efficiency(workers), of_work=False
            )
            for workers in WORKERS[1:]
        ],
        uses_models=False,
        missing=no_dask,
    ),
    Benchmark(
        name="docker",
        what="files of a second, an engine that answers at once, in a container",
        contenders=docker_and_local,
        figures=(
            Figure(
                name="time of a file over that with a local process",
                ratio=docker_over_local,
                of_work=False,
                goal=NO_MORE_THAN_A_TENTH,
            ),
        ),
        uses_models=False,
        missing=no_daemon,
    ),
)
