#!/usr/bin/env python3
"""Export CKPT -> HF dir + CTranslate2 int8/float32, choose alignment heads, evaluate with the real faster-whisper.
usage: 3_export_eval.py DATA_DIR CKPT OUT_DIR [N_TEST] [--quick]"""

import json
import random
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import tiny
import torch

data, ckpt, out = Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3])
N = int(sys.argv[4]) if len(sys.argv) > 4 else 200
quick = "--quick" in sys.argv
HF, I8, F32 = (
    out / "tiny-whisper-flite-hf",
    out / "tiny-whisper-flite",
    out / "tiny-whisper-flite-f32",
)
m = tiny.Whisper().eval()
m.load_state_dict(torch.load(ckpt, weights_only=True)["m"])
tiny.save_hf(m, HF, [[1, 0], [1, 1]])
for d, q in ((I8, "int8"), (F32, "float32")):
    subprocess.run(
        [
            str(Path(sys.executable).parent / "ct2-transformers-converter"),
            "--model",
            str(HF),
            "--output_dir",
            str(d),
            "--quantization",
            q,
            "--force",
            "--copy_files",
            "tokenizer.json",
            "preprocessor_config.json",
        ],
        check=True,
        capture_output=True,
    )
    print(d.name, {p.name: p.stat().st_size for p in sorted(d.iterdir())})

from faster_whisper import BatchedInferencePipeline, WhisperModel

SR = 16000
clips = json.load(open(data / "clips.json"))
for i, c in enumerate(clips):
    c["salad"] = random.Random(i).random() < 0.18  # same first draw as lexicon.gen in 1_data.py
clips = [c for c in clips if c["test"]]
audio = np.memmap(data / "audio.i16", np.int16, "r")
rng = random.Random(3)
by = {}
for c in clips:
    by.setdefault(c["voice"], []).append(c)
test = [c for v in sorted(by) for c in rng.sample(by[v], min(N // 4, len(by[v])))]
norm = lambda s: s.lower().replace(".", "").replace("?", "").split()


def dist(r, h):
    p = list(range(len(h) + 1))
    for i, x in enumerate(r, 1):
        q = [i]
        for j, y in enumerate(h, 1):
            q.append(min(p[j] + 1, q[-1] + 1, p[j - 1] + (x != y)))
        p = q
    return p[-1]


def wav(c, lead=0.4, trail=0.4):
    return np.concatenate(
        [
            np.zeros(int(lead * SR)),
            audio[c["off"] : c["off"] + c["n"]] / 32768,
            np.zeros(int(trail * SR)),
        ]
    ).astype(np.float32)


ref = lambda c: " ".join(c["words"]) + c["end"]
R = {}


def report(name, e, n, ex=0, tot=1, **kw):
    R[name] = dict(
        wer=round(100 * e / n, 2),
        errors=e,
        words=n,
        **({"exact_text": f"{ex}/{tot}"} if tot > 1 else {}),
        **kw,
    )
    print(name, R[name], flush=True)


def load(d=I8, t="int8"):
    return WhisperModel(str(d), device="cpu", compute_type=t, cpu_threads=2)


def single(name, w, items, **kw):
    E = n = ex = 0
    pv = {}
    se = []
    t = time.time()
    dur = 0
    shown = 0
    beam = kw.pop("beam_size", 1)
    for c in items:
        x = wav(c)
        dur += len(x) / SR
        g, info = w.transcribe(x, language="en", beam_size=beam, **kw)
        g = list(g)
        h = "".join(s.text for s in g).strip()
        e = dist(norm(ref(c)), norm(h))
        E += e
        n += len(c["words"])
        ex += h == ref(c)

        for key in (c["voice"], "random words" if c["salad"] else "template sentences"):
            z = pv.setdefault(key, [0, 0])
            z[0] += e
            z[1] += len(c["words"])
        if e and shown < 4:
            shown += 1
            print("   ", c["voice"], "REF", ref(c), "| HYP", h)
        if len(g) == 1:
            se.append((abs(g[0].start - 0.4 - c["wt"][0][0]), abs(g[0].end - 0.4 - c["wt"][-1][1])))
    q = lambda i: (
        [round(float(np.percentile([s[i] for s in se], p)), 3) for p in (50, 90)] if se else None
    )
    report(
        name,
        E,
        n,
        ex,
        len(items),
        split={v: round(100 * a / b, 2) for v, (a, b) in pv.items()},
        seg_start_abs_p50_p90=q(0),
        seg_end_abs_p50_p90=q(1),
        rtf=round((time.time() - t) / dur, 3),
    )


def words(name, w, items, **kw):
    S, En, ok = [], [], 0
    for c in items:
        g, _ = w.transcribe(wav(c), language="en", beam_size=1, word_timestamps=True, **kw)
        ws = [x for s in g for x in s.words]
        if [norm(x.word) for x in ws] != [[y.lower()] for y in c["words"]]:
            continue
        ok += 1
        for x, (a, b) in zip(ws, c["wt"]):
            S.append(abs(x.start - 0.4 - a))
            En.append(abs(x.end - 0.4 - b))
    r = {
        k: dict(
            zip(
                ("p50", "p90", "max"), (round(float(np.percentile(v, p)), 3) for p in (50, 90, 100))
            )
        )
        for k, v in (("start", S), ("end", En))
    }
    R[name] = dict(utterances=f"{ok}/{len(items)}", **r)
    print(name, R[name], flush=True)
    return np.mean(S) + np.mean(En)


def longform(seed, secs, voice=None, lo=0.3, hi=1.5):
    r = random.Random(seed)
    x, txt, t, bounds = [np.zeros(int(0.5 * SR), np.float32)], [], 0.5, []
    while t < secs:
        c = r.choice([c for c in (by[voice] if voice else clips) if not c["salad"]])
        a = wav(c, 0, r.uniform(lo, hi))
        x.append(a)
        txt.append(ref(c))
        bounds.append((t + c["wt"][0][0], t + c["wt"][-1][1]))
        t += len(a) / SR
    return np.concatenate(x), " ".join(txt), bounds


def set_chunk(sec):
    for d in (I8, F32, HF):
        p = d / "preprocessor_config.json"
        c = json.loads(p.read_text())
        c["chunk_length"], c["n_samples"], c["nb_max_frames"] = sec, sec * SR, sec * 100
        p.write_text(json.dumps(c, indent=2))


CHUNK = 10
set_chunk(
    CHUNK
)  # faster-whisper then reads 10 s windows (padded to 30 s): the recogniser is much better on short windows
w = load()
print("multilingual", w.model.is_multilingual)
if not quick:
    cfg = json.loads((I8 / "config.json").read_text())
    best = None
    for heads in ([[1, 0]], [[1, 1]], [[1, 0], [1, 1]], [[0, 0], [1, 0], [1, 1]]):
        cfg["alignment_heads"] = heads
        (I8 / "config.json").write_text(json.dumps(cfg, indent=2))
        s = words(f"heads {heads}", load(), test[::5])
        if best is None or s < best[0]:
            best = (s, heads)
    cfg["alignment_heads"] = best[1]
    tiny.save_hf(m, HF, best[1])
    for d in (I8, F32):
        (d / "config.json").write_text(json.dumps(cfg, indent=2))
    print("alignment heads", best[1])
    w = load()
single("timestamps beam1", w, test)
single("no timestamps beam1", w, test, without_timestamps=True)
if not quick:
    single("timestamps beam1 vad_filter", w, test, vad_filter=True)
    single("default beam5", w, test[::2], beam_size=5)
    single("float32 timestamps beam1", load(F32, "float32"), test[::2])
    words("word_timestamps", w, test)
    words("word_timestamps vad_filter", w, test[::2], vad_filter=True)
B = BatchedInferencePipeline(w)
for nm, (x, txt, bounds) in {
    "long 150s mixed voices": longform(1, 150),
    "long 60s slt": longform(2, 60, "slt"),
}.items():
    n = len(norm(txt))
    for k, f in (
        ("", lambda: w.transcribe(x, language="en", beam_size=1)),
        (" words", lambda: w.transcribe(x, language="en", beam_size=1, word_timestamps=True)),
        (
            " no cond",
            lambda: w.transcribe(x, language="en", beam_size=1, condition_on_previous_text=False),
        ),
        (" no ts", lambda: w.transcribe(x, language="en", beam_size=1, without_timestamps=True)),
        (" vad", lambda: w.transcribe(x, language="en", beam_size=1, vad_filter=True)),
        (" batched8", lambda: B.transcribe(x, language="en", beam_size=1, batch_size=8)),
        (
            " batched8 chunk30",
            lambda: B.transcribe(x, language="en", beam_size=1, batch_size=8, chunk_length=30),
        ),
        (" chunk30", lambda: w.transcribe(x, language="en", beam_size=1, chunk_length=30)),
        (
            " no cond words",
            lambda: w.transcribe(
                x,
                language="en",
                beam_size=1,
                condition_on_previous_text=False,
                word_timestamps=True,
            ),
        ),
        (
            " batched8 ts",
            lambda: B.transcribe(
                x, language="en", beam_size=1, batch_size=8, without_timestamps=False
            ),
        ),
    ):
        if quick and k not in ("", " batched8"):
            continue
        (
            w.feature_extractor.chunk_length,
            w.feature_extractor.n_samples,
            w.feature_extractor.nb_max_frames,
        ) = CHUNK, CHUNK * SR, CHUNK * 100  # a chunk_length= argument sticks
        t = time.time()
        g = list(f()[0])
        h = " ".join(s.text.strip() for s in g)
        kw = {}
        if k in ("", " words") and len(g) == len(bounds):
            kw["seg_abs_err_p50_p90"] = [
                round(
                    float(
                        np.percentile(
                            [abs(s.start - a) for s, (a, b) in zip(g, bounds)]
                            + [abs(s.end - b) for s, (a, b) in zip(g, bounds)],
                            p,
                        )
                    ),
                    3,
                )
                for p in (50, 90)
            ]
        report(
            nm + k,
            dist(norm(txt), norm(h)),
            n,
            segments=f"{len(g)} (ref {len(bounds)})",
            secs=round(time.time() - t, 2),
            **kw,
        )
z = np.random.default_rng(0)
for nm, x in (
    ("silence 10s", np.zeros(SR * 10)),
    ("silence 45s", np.zeros(SR * 45)),
    ("noise -40dB 10s", z.standard_normal(SR * 10) * 0.01),
    ("noise -26dB 10s", z.standard_normal(SR * 10) * 0.05),
    ("noise -14dB 10s", z.standard_normal(SR * 10) * 0.2),
    ("tone 440 10s", 0.1 * np.sin(np.arange(SR * 10) * 2 * np.pi * 440 / SR)),
):
    x = x.astype(np.float32)
    g, _ = w.transcribe(x, language="en")
    a = "".join(s.text for s in g)
    g, _ = w.transcribe(x, language="en", without_timestamps=True)
    b = "".join(s.text for s in g)
    g, _ = w.transcribe(x, language="en", vad_filter=True)
    R[nm] = dict(text=a, text_no_ts=b, text_vad="".join(s.text for s in g))
    print(nm, R[nm])
d = {}
for c in test[::4]:
    i = w.transcribe(wav(c))[1]
    d.setdefault(i.language, []).append(i.language_probability)
R["language detection"] = {k: (len(v), round(min(v), 3)) for k, v in d.items()}
print("language detection", R["language detection"])
(out / "results.json").write_text(json.dumps(R, indent=1))
