#!/usr/bin/env python3
"""Synthesise single-sentence clips with flite, with phone and word boundaries.  usage: 1_data.py OUT_DIR [N_CLIPS]
-> OUT_DIR/audio.i16 (all clips, 16 kHz mono) + OUT_DIR/clips.json (list of dicts, times in seconds inside the clip)"""

import hashlib
import json
import os
import random
import subprocess
import sys
import time
import wave
from multiprocessing import Pool
from pathlib import Path

import lexicon
import numpy as np

VOICES = {
    "slt": (174, 0.28),
    "rms": (97, 0.28),
    "awb": (118, 0.26),
    "kal16": (95, 0.18),
}  # mean f0, share of clips
SR, KEEP = 16000, 0.04  # KEEP: silence kept at both ends
TMP = "/dev/shm" if os.path.isdir("/dev/shm") else "/tmp"


def flite(text, voice, stretch=1.0, f0=None):
    wav = f"{TMP}/tinytrain-{os.getpid()}.wav"
    cmd = ["flite", "-voice", voice, "--setf", f"duration_stretch={stretch:.3f}"]
    if f0:
        cmd += ["--setf", f"int_f0_target_mean={f0:.1f}"]
    out = subprocess.run(
        cmd + ["-psdur", "-t", text, "-o", wav], capture_output=True, text=True, check=True
    ).stdout
    with wave.open(wav) as w:
        assert w.getframerate() == SR
        x = np.frombuffer(w.readframes(w.getnframes()), np.int16)
    ph = [(p.rsplit(":", 1)[0], float(p.rsplit(":", 1)[1])) for p in out.split()]
    return x, ph


def is_test(words):
    return int(hashlib.md5(" ".join(words).lower().encode()).hexdigest(), 16) % 20 == 0


def align(words, phones, prons):
    """phones (no pauses) -> index of the word that owns each, by edit distance against canonical pronunciations"""
    ref = [(p, i) for i, w in enumerate(words) for p in prons[w.lower()]]
    n, m = len(phones), len(ref)
    D = np.zeros((n + 1, m + 1))
    D[0, :] = np.arange(m + 1) * 1.0
    D[:, 0] = np.arange(n + 1) * 1.0
    for i in range(1, n + 1):
        for j in range(1, m + 1):
            D[i, j] = min(
                D[i - 1, j - 1] + (phones[i - 1] != ref[j - 1][0]) * 1.2,
                D[i - 1, j] + 1,
                D[i, j - 1] + 1,
            )
    own = [0] * n
    i, j = n, m
    while i > 0:
        if j > 0 and abs(D[i, j] - D[i - 1, j - 1] - (phones[i - 1] != ref[j - 1][0]) * 1.2) < 1e-6:
            i, j = i - 1, j - 1
            own[i] = ref[j][1]
        elif abs(D[i, j] - D[i - 1, j] - 1) < 1e-6 or j == 0:
            i -= 1
            own[i] = ref[min(j, m - 1)][1]
        else:
            j -= 1
    return own, D[n, m]


def make(job):
    seed, voice, prons = job
    rng = random.Random(seed)
    words, end = lexicon.gen(rng)
    f0 = VOICES[voice][0] * rng.uniform(0.85, 1.2)
    st = rng.uniform(0.85, 1.2)
    x, ph = flite(" ".join(words) + end, voice, st, f0)
    t, seg = 0.0, []
    for p, e in ph:
        seg.append((p, t, e))
        t = e
    sp = [s for s in seg if s[0] != "pau"]
    own, cost = align(words, [s[0] for s in sp], prons)
    t0 = max(0, sp[0][1] - KEEP)
    t1 = min(len(x) / SR, sp[-1][2] + KEEP)
    x = x[int(t0 * SR) : int(t1 * SR)]
    w = []
    for i in range(len(words)):
        k = [s for s, o in zip(sp, own) if o == i]
        if not k:
            return None
        w.append((round(k[0][1] - t0, 3), round(k[-1][2] - t0, 3)))
    if cost > 0.4 * len(sp) + 2:
        return None
    return dict(
        words=words,
        end=end,
        voice=voice,
        test=is_test(words),
        wt=w,
        ph=[
            (p, round(max(0, a - t0), 3), round(b - t0, 3)) for p, a, b in seg if b > t0 and a < t1
        ],
    ), x.tobytes()


def main(out, n):
    out = Path(out)
    out.mkdir(parents=True, exist_ok=True)
    t = time.time()
    prons = {w.lower(): [p for p, _ in flite(w, "kal16")[1] if p != "pau"] for w in lexicon.LEX}
    prons["a"] = ["ax"]
    jobs = [
        (
            i,
            random.Random(i * 7 + 1).choices(list(VOICES), [v[1] for v in VOICES.values()])[0],
            prons,
        )
        for i in range(n)
    ]
    meta, off, bad = [], 0, 0
    with Pool(2) as pool, open(out / "audio.i16", "wb") as f:
        for r in pool.imap(make, jobs, 32):
            if r is None:
                bad += 1
                continue
            d, b = r
            d["off"], d["n"] = off, len(b) // 2
            off += d["n"]
            f.write(b)
            meta.append(d)
            if len(meta) % 1000 == 0:
                print(
                    len(meta),
                    bad,
                    round(off / SR / 3600, 2),
                    "h",
                    round(time.time() - t),
                    "s",
                    flush=True,
                )
    json.dump(meta, open(out / "clips.json", "w"))
    print(
        "clips",
        len(meta),
        "dropped",
        bad,
        "hours",
        round(off / SR / 3600, 2),
        "test",
        sum(m["test"] for m in meta),
        "secs",
        round(time.time() - t),
    )


main(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 12000)
