"""Say sentences with flite and note when each token begins.   1_data.py OUT_DIR [NUM_CLIPS]"""

import json
import os
import random
import subprocess
import sys
import wave
from multiprocessing import Pool
from pathlib import Path

import lexicon
import numpy as np

RATE, KEEP_S = 16_000, 0.04
VOICES = {"slt": 174, "rms": 97}


def flite(text, voice, stretch=1.0, f0=None):
    wav = f"/tmp/tiny-ctc-{os.getpid()}.wav"
    options = ["--setf", f"duration_stretch={stretch:.3f}"]
    if f0:
        options += ["--setf", f"int_f0_target_mean={f0:.1f}"]
    done = subprocess.run(
        ["flite", "-voice", voice, *options, "-psdur", "-t", text, "-o", wav],
        capture_output=True,
        text=True,
        check=True,
    )
    with wave.open(wav) as reader:
        assert reader.getframerate() == RATE
        samples = np.frombuffer(reader.readframes(reader.getnframes()), np.int16)
    return samples, [(p.rsplit(":", 1)[0], float(p.rsplit(":", 1)[1])) for p in done.stdout.split()]


def owners(words, phones, spoken):
    """Which word each phone belongs to, by edit distance against each word said alone."""
    alone = [(p, i) for i, w in enumerate(words) for p in spoken[w]]
    n, m = len(phones), len(alone)
    cost = np.zeros((n + 1, m + 1))
    cost[0], cost[:, 0] = np.arange(m + 1), np.arange(n + 1)
    for i in range(1, n + 1):
        for j in range(1, m + 1):
            cost[i, j] = min(
                cost[i - 1, j - 1] + 1.2 * (phones[i - 1] != alone[j - 1][0]),
                cost[i - 1, j] + 1,
                cost[i, j - 1] + 1,
            )
    own, i, j = [0] * n, n, m
    while i > 0:
        if (
            j > 0
            and abs(cost[i, j] - cost[i - 1, j - 1] - 1.2 * (phones[i - 1] != alone[j - 1][0]))
            < 1e-6
        ):
            i, j = i - 1, j - 1
            own[i] = alone[j][1]
        elif j == 0 or abs(cost[i, j] - cost[i - 1, j] - 1) < 1e-6:
            i -= 1
            own[i] = alone[min(j, m - 1)][1]
        else:
            j -= 1
    return own


def make(job):
    seed, spoken = job
    rng = random.Random(seed)
    words = lexicon.sentence(rng)
    voice = rng.choice(list(VOICES))
    stretch, pitch = (
        (1.0, None)
        if rng.random() < 0.4
        else (rng.uniform(0.9, 1.15), VOICES[voice] * rng.uniform(0.92, 1.1))
    )
    samples, ends = flite(" ".join(words) + ".", voice, stretch, pitch)
    start, phones = 0.0, []
    for phone, end in ends:
        if phone != "pau":
            phones.append((phone, start, end))
        start = end
    own = owners(words, [p for p, _, _ in phones], spoken)
    first, last = max(0.0, phones[0][1] - KEEP_S), min(len(samples) / RATE, phones[-1][2] + KEEP_S)
    times = []
    for i in range(len(words)):
        mine = [p for p, o in zip(phones, own, strict=True) if o == i]
        if not mine:
            return None
        times.append((round(mine[0][1] - first, 3), round(mine[-1][2] - first, 3)))
    samples = samples[int(first * RATE) : int(last * RATE)]
    return {"words": words, "times": times, "test": lexicon.held_out(words)}, samples.tobytes()


def main(out, count):
    out.mkdir(parents=True, exist_ok=True)
    spoken = {w: [p for p, _ in flite(w, "slt")[1] if p != "pau"] for w in lexicon.WORDS}
    clips, offset = [], 0
    with Pool(2) as pool, (out / "audio.i16").open("wb") as audio:
        for made in pool.imap(make, [(seed, spoken) for seed in range(count)], 16):
            if made is None:
                continue
            clip, samples = made
            clips.append({**clip, "offset": offset, "length": len(samples) // 2})
            offset += len(samples) // 2
            audio.write(samples)
    (out / "clips.json").write_text(json.dumps(clips))
    print(len(clips), "clips", round(offset / RATE / 60, 1), "min")


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 1500)
