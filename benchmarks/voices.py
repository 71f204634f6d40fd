"""``python -m benchmarks voices [FOLDER…]``: how well a model's vectors tell voices apart.

Of every 16 kHz recording with a reference each voice is cut into pieces, which go through
diarization as a sample of ``dalston speakers add`` does. Printed are the cosines of pieces of one
person and of two, and the rate at which as many of the ones are wrong as of the others. Weights and
engines are the user's own. The voices of flite have rows of their own: they are no people.
``--telephone`` sends every voice through a telephone first, where voices are more alike.
"""

import argparse
import asyncio
import itertools
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import av
import numpy as np
from rich.console import Console
from rich.table import Table
from tests.support.flite import RATE, Pcm, utter, write_pcm
from tests.support.speech import SENTENCES

from benchmarks.quality.references import Reference, read_references
from dalston_cli.catalog.load import load_catalog
from dalston_cli.commands.batch import environment_of
from dalston_cli.options.build import build_run_options
from dalston_cli.pipeline.endpoints import LocalFile
from dalston_cli.pipeline.events import Event
from dalston_cli.pipeline.recognition.samples import diarize_samples
from dalston_cli.pipeline.request import RecordingRequest
from dalston_cli.settings.load import load_settings
from dalston_cli.settings.locations import Locations
from dalston_cli.speakers.decision import Vector, cosine
from dalston_cli.speakers.recorded_voice import voices_of

MODEL = "pyannote-segmentation-3.0-campplus"
SYNTHETIC = ("slt", "rms", "awb", "kal16")
LOWEST_HZ, HIGHEST_HZ, MU = 300, 3_400, 255
HEADINGS = (
    *("voices", "piece", "people", "pieces", "one person: pairs", "lowest", "median"),
    *("two people: pairs", "highest", "median", "equal errors", "at a cosine of"),
)
Pieces = Mapping[str, Sequence[Pcm]]


def main(arguments: list[str]) -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="benchmarks voices", description=__doc__)
    parser.add_argument("folders", nargs="*", type=Path, metavar="FOLDER")
    parser.add_argument("--model", default=MODEL)
    parser.add_argument("--seconds", type=float, nargs="+", default=[5.0, 8.0, 10.0])
    parser.add_argument("--telephone", action="store_true")
    options = parser.parse_args(arguments)
    table = Table(*HEADINGS)
    sources = {str(folder): people_in(folder) for folder in options.folders}
    for name, people in (sources | {"flite": synthetic()}).items():
        if options.telephone:
            people = {who: telephone(samples) for who, samples in people.items()}  # noqa: PLW2901 - the same voices
        for seconds in options.seconds:
            vectors = _vectors(_cut(people, seconds), options.model)
            table.add_row(name, f"{seconds:g} s", *_figures(vectors))
    Console(width=170).print(table)
    return 0


def people_in(folder: Path) -> dict[str, Pcm]:
    """Return what each person says alone; the pieces of a name are one person's."""
    spoken: dict[str, list[Pcm]] = defaultdict(list)
    for reference in read_references(folder):
        for name, samples in _alone(reference):
            spoken[name].append(samples)
    return {name: np.concatenate(parts) for name, parts in spoken.items()}


def _alone(reference: Reference) -> Iterator[tuple[str, Pcm]]:
    """Yield what is said by one alone; without turns the name of the file is the person's."""
    samples = _decoded(reference.recording)
    turns = reference.known.turns
    if not turns:
        yield reference.recording.stem.partition("-")[0], samples
        return
    speaking = np.zeros(len(samples), np.int8)
    for turn in turns:
        speaking[round(turn.start * RATE) : round(turn.end * RATE)] += 1
    for turn in turns:
        first, last = round(turn.start * RATE), round(turn.end * RATE)
        yield turn.name, samples[first:last][speaking[first:last] == 1]


def _decoded(recording: Path) -> Pcm:
    resampler = av.AudioResampler(format="s16", layout="mono", rate=RATE)
    with av.open(str(recording)) as file:
        frames = [
            resampled.to_ndarray()[0]
            for frame in (*file.decode(audio=0), None)
            for resampled in resampler.resample(frame)
        ]
    return np.concatenate(frames)


def synthetic() -> dict[str, Pcm]:
    """Return what flite says with each voice, the same sentences."""
    return {
        voice: np.concatenate([utter(text, voice).samples for text in SENTENCES])
        for voice in SYNTHETIC
    }


def telephone(samples: Pcm) -> Pcm:
    """Return what comes out of a telephone: 300 to 3,400 Hz, with the steps of G.711's mu-law."""
    spectrum = np.fft.rfft(samples.astype(np.float64))
    pitches = np.fft.rfftfreq(len(samples), 1 / RATE)
    spectrum[(pitches < LOWEST_HZ) | (pitches > HIGHEST_HZ)] = 0
    sound = np.fft.irfft(spectrum, len(samples)) / 2**15
    steps = np.round(np.sign(sound) * np.log1p(MU * np.abs(sound)) / np.log1p(MU) * 127) / 127
    back = np.sign(steps) * np.expm1(np.abs(steps) * np.log1p(MU)) / MU
    heard: Pcm = np.clip(np.round(back * 2**15), -(2**15), 2**15 - 1).astype(np.int16)
    return heard


def _cut(people: Mapping[str, Pcm], seconds: float) -> Pieces:
    size = round(seconds * RATE)
    return {
        name: [samples[at : at + size] for at in range(0, len(samples) - size + 1, size)]
        for name, samples in people.items()
    }


def _vectors(pieces: Pieces, model: str) -> list[tuple[str, Vector]]:
    """Return the vector of the main voice in each piece, with its person; none for a silent one."""
    with tempfile.TemporaryDirectory() as folder:
        names: list[str] = []
        requests: list[RecordingRequest] = []
        for name, parts in pieces.items():
            for part in parts:
                wav = write_pcm(Path(folder) / f"{len(requests)}.wav", part)
                source = LocalFile(wav)
                requests.append(
                    RecordingRequest(source=source, name=wav.name, relative=Path(wav.name))
                )
                names.append(name)
        resolved = load_settings({"diarize": True, "diarize_model": model})
        options = build_run_options(resolved.settings)
        environment = environment_of(
            resolved, options, load_catalog(), Locations.from_environment()
        )
        samples = asyncio.run(diarize_samples(requests, options, environment, _ignore))
    found = []
    for name, sample in zip(names, samples, strict=True):
        main_voice = max(voices_of(sample.result), key=lambda each: each.seconds, default=None)
        if main_voice is not None and main_voice.vector is not None:
            found.append((name, main_voice.vector))
    return found


def _ignore(event: Event) -> None:
    del event


def _figures(vectors: Sequence[tuple[str, Vector]]) -> Iterator[str]:
    """Yield the cells of a row."""
    same: list[float] = []
    other: list[float] = []
    for (one, first), (two, second) in itertools.combinations(vectors, 2):
        (same if one == two else other).append(cosine(first, second))
    yield str(len({name for name, _ in vectors}))
    yield str(len(vectors))
    for scores, edge in ((same, min), (other, max)):
        yield str(len(scores))
        yield f"{edge(scores):.2f}" if scores else "-"
        yield f"{np.median(scores):.2f}" if scores else "-"
    if same and other:
        rate, threshold = equal_error_rate(same, other)
        yield f"{rate:.1%}"
        yield f"{threshold:.2f}"


def equal_error_rate(same: Sequence[float], other: Sequence[float]) -> tuple[float, float]:
    """Return the rate at which both errors are nearest to each other, and the threshold for it.

    Args:
        same: Cosines of one person's pieces; below the threshold they are errors.
        other: Cosines of two people's; at the threshold and above they are.
    """
    ordered = sorted({*same, *other})
    edges = [ordered[0], *(sum(pair) / 2 for pair in itertools.pairwise(ordered)), ordered[-1]]

    def errors(threshold: float) -> tuple[float, float]:
        missed = sum(score < threshold for score in same) / len(same)
        wrong = sum(score >= threshold for score in other) / len(other)
        return missed, wrong

    best = min(edges, key=lambda edge: abs(errors(edge)[0] - errors(edge)[1]))
    return sum(errors(best)) / 2, best
