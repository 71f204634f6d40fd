#!/usr/bin/env python3
"""Train the tiny Whisper.  usage: 2_train.py DATA_DIR CKPT_DIR MINUTES [--resume CKPT]
Losses: decoder cross-entropy (soft neighbours on timestamp tokens) + frame-wise phone cross-entropy on the encoder
+ guided cross-attention (flite gives exact word times), so alignment need not emerge by itself."""

import json
import math
import random
import sys
import time
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from tiny import *

SR, PH = 16000, {p: i for i, p in enumerate(PHONES)}
GUIDED = [(0, 0), (1, 0), (1, 1)]  # (decoder layer, head); alignment heads come from layer 1


class Data:
    def __init__(s, d, test=False, seed=0):
        s.clips = [c for c in json.load(open(Path(d) / "clips.json")) if c["test"] == test]
        s.audio = np.memmap(Path(d) / "audio.i16", np.int16, "r")
        s.rng = random.Random(seed)
        s.nrng = np.random.default_rng(seed)
        s.by = {}
        for c in s.clips:
            s.by.setdefault(c["voice"], []).append(c)

    def clip(s, voice):
        c = s.rng.choice(s.by[voice] if voice else s.clips)
        x = s.audio[c["off"] : c["off"] + c["n"]].astype(np.float32) / 32768
        r = 1.0
        if s.rng.random() < 0.3:  # speed perturbation (tempo and pitch)
            r = s.rng.uniform(0.92, 1.09)
            n = int(len(x) / r)
            x = np.interp(np.arange(n) * r, np.arange(len(x)), x).astype(np.float32)
        wt = [(a / r, b / r) for a, b in c["wt"]]
        return x, c["words"], c["end"], wt, [(p, a / r, b / r) for p, a, b in c["ph"]]

    def window(s, L, la, cut_ok=True):
        """compose `la` seconds of speech and pauses -> audio, [(text piece, t0, t1)] per segment, phone spans"""
        R = s.rng
        n = int(la * SR)
        x = np.zeros(n, np.float32)
        segs, spans = [], []
        u = R.random()
        lead = (
            R.uniform(0, 0.5)
            if u < 0.6
            else R.uniform(0.5, 1.5)
            if u < 0.85
            else R.uniform(0, min(6, la / 2))
            if u < 0.95
            else 0.0
        )
        t = lead
        one = R.random() < 0.6
        voice = R.choice(list(s.by)) if one else None
        cut = False
        maxclips = 99 if R.random() < 0.8 else R.randint(1, 3)
        while t < la - 0.3 and len(segs) < maxclips:
            a, words, end, wt, ph = s.clip(voice)
            t_in = 0.0
            if not segs and cut_ok and R.random() < 0.08:
                t_in = R.uniform(0, len(a) / SR * 0.6)
                t = 0.0  # window starts inside a sentence
            d = len(a) / SR - t_in
            if t + wt[-1][1] - t_in + 0.02 > la:  # does not fit: cut it, or stop here
                if not cut_ok or R.random() < (0.5 if segs else 0.0):
                    break
                cut = True
            i0, j0 = int(t * SR), int(t_in * SR)
            k = min(len(a) - j0, n - i0)
            if k <= 0:
                break
            x[i0 : i0 + k] += a[j0 : j0 + k] * 10 ** (R.uniform(-6, 0) / 20)
            ws = [
                (w, p - t_in + t, q - t_in + t)
                for w, (p, q) in zip(words, wt)
                if p >= t_in - 0.04 and q - t_in + t <= la
            ]
            spans += [(p, u_ - t_in + t, v_ - t_in + t) for p, u_, v_ in ph]
            segs.append((ws, end, cut, words, t if t_in else wt[0][0] + t))
            if cut:
                break
            t += d + (R.uniform(0.1, 0.6) if R.random() < 0.6 else R.uniform(0.6, 2.2))
        return x, segs, spans

    def text_tokens(s, segs, ts):
        """-> tokens, time spans (None = free).  A cut last segment: only its start token (ts) / its complete words (no ts)"""
        tok, sp = [], []
        q = lambda t: TS0 + max(0, min(1500, round(t / 0.02)))
        for i, (ws, end, cut, words, start) in enumerate(segs):
            if not ws and not cut:
                continue
            if ts:
                st = q(min(start, 1.0) if i == 0 else start)
                if cut and i > 0:
                    tok.append(st)
                    sp.append((start - 0.1, start + 0.1))
                    break
                if ws:
                    tok.append(st)
                    sp.append((start - 0.1, start + 0.1))
            for w, a, b in ws:
                tok.append(WORD[" " + w])
                sp.append((a, b))
            if not cut and ws:
                tok.append(WORD[end])
                sp.append((ws[-1][2] - 0.1, ws[-1][2] + 0.1))
            if ts and ws:
                tok.append(q(ws[-1][2]))
                sp.append((ws[-1][2] - 0.1, ws[-1][2] + 0.1))
        return tok, sp

    def sample(s, L, prompt_p):
        R = s.rng
        silent = R.random() < 0.04
        la = L if R.random() < 0.35 else R.uniform(min(1.2, L), L)
        if L == 30 and R.random() < 0.6:
            la = R.uniform(2, 12)  # mostly padding, as with chunk_length 10
        x, segs, spans = (
            s.window(L, la) if not silent else (np.zeros(int(la * SR), np.float32), [], [])
        )
        x = x * 10 ** (R.uniform(-18, 2) / 20)
        if R.random() < 0.6:
            amp = (
                10 ** (R.uniform(-80, -42) / 20) if not silent else 10 ** (R.uniform(-90, -25) / 20)
            )
            nz = s.nrng.standard_normal(len(x)).astype(np.float32)
            if R.random() < 0.5:
                nz = np.convolve(nz, np.ones(8, np.float32) / 3, "same")
            x = x + nz * amp
        if R.random() < 0.5:
            x = np.round(x * 32768) / 32768
        mel = logmel(torch.from_numpy(x.astype(np.float32)), R.choice([0, 0, R.uniform(0, 1)]))
        if R.random() < 0.4:
            mel = mel + torch.linspace(R.uniform(-0.08, 0.08), R.uniform(-0.08, 0.08), 80)[:, None]
        T = int(L * 100)
        pad = T - mel.shape[1]
        if pad > 0:
            mel = F.pad(
                mel, (0, pad), value=0.0 if R.random() < 0.6 else mel.min().item()
            )  # faster-whisper / whisperX padding
        lab = np.zeros(T // 2, np.int64)
        for p, a, b in spans:
            lab[max(0, round(a / 0.02)) : max(0, round(b / 0.02))] = PH.get(p, 0)
        ts = R.random() < 0.55
        tok, sp = s.text_tokens(segs, ts)
        empty = not any(g[0] for g in segs)
        if empty:
            tok, sp = ([TS0] if ts else []), ([None] if ts else [])
        lang = EN if R.random() < 0.93 else ID[f"<|{R.choice(LANGS)}|>"]
        task = TRANSCRIBE if R.random() < 0.95 else TRANSCRIBE - 1
        pre = []
        if R.random() < prompt_p:
            m = R.choice([6, 20, 60, 150])
            pt = R.random() < 0.7
            t = R.uniform(0, 2)
            while len(pre) < m:
                c = R.choice(s.clips)
                if pt:
                    pre.append(TS0 + min(1500, int(t / 0.02)))
                pre += [WORD[" " + w] for w in c["words"]] + [WORD[c["end"]]]
                t += c["n"] / SR + 0.3
                if pt:
                    pre.append(TS0 + min(1500, int(t / 0.02)))
            pre = [PREV] + pre[-min(m, 220) :]
        head = pre + [SOT, lang, task] + ([] if ts else [NOTS])
        ids = head + tok
        tgt = (
            [-100] * len(pre)
            + [NOSPEECH if empty else EN if lang == EN else -100, -100]
            + ([-100] if not ts else [])
            + tok
            + [EOT]
        )
        spn = [None] * (len(head) - 1) + sp + [None]
        assert len(ids) == len(tgt) == len(spn), (len(ids), len(tgt), len(spn))
        return mel[:, :T], lab[: T // 2], ids, tgt, spn

    def batch(s, L, B, prompt_p=0.08):
        S = [s.sample(L, prompt_p) for _ in range(B)]
        N = max(len(x[2]) for x in S)
        E = int(L * 50)
        ids = torch.full((B, N), EOT)
        tgt = torch.full((B, N), -100)
        g = torch.zeros(B, N, E)
        for b, (_, _, i, t, sp) in enumerate(S):
            ids[b, : len(i)] = torch.tensor(i)
            tgt[b, : len(t)] = torch.tensor(t)
            for r, z in enumerate(sp):
                if z:
                    g[
                        b,
                        r,
                        max(0, min(E - 1, round(z[0] / 0.02))) : max(
                            1, min(E, round(z[1] / 0.02) + 1)
                        ),
                    ] = 1
        return (
            torch.stack([x[0] for x in S]),
            torch.from_numpy(np.stack([x[1] for x in S])),
            ids,
            tgt,
            g,
        )


KS = ((0, 0.5), (-1, 0.17), (1, 0.17), (-2, 0.08), (2, 0.08))


def losses(m, mel, lab, ids, tgt, g):
    e = m.encoder(mel)
    ph = F.cross_entropy(m.phone(e).flatten(0, 1), lab.flatten())
    lo, ws = m.decoder(ids, e)
    k = tgt >= 0
    lp = lo[k].log_softmax(-1)
    t = tgt[k]
    ts = t >= TS0
    ce = -lp[~ts].gather(1, t[~ts, None]).sum()
    for o, w in KS:
        if ts.any():
            ce = ce - w * lp[ts].gather(1, (t[ts, None] + o).clamp(TS0, TS0 + 1500)).sum()
    ce = ce / len(t)
    rows = g.any(-1)
    ga = 0
    for l, h in GUIDED:
        ga = ga - (ws[l][:, h] * g).sum(-1)[rows].clamp(min=1e-6).log().mean() / len(GUIDED)
    pred = lp.argmax(-1)
    okw = (pred == t)[~ts].float().mean()
    okt = ((pred - t)[ts].abs() <= 3).float().mean() if ts.any() else torch.tensor(0.0)
    return ce, ph, ga, okw, okt


def main():
    data, out, minutes = sys.argv[1], Path(sys.argv[2]), float(sys.argv[3])
    out.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(0)
    torch.set_num_threads(2)
    D_, val = (
        Data(data, seed=int(time.time()) if "--resume" in sys.argv else 1),
        Data(data, test=True, seed=5),
    )
    m = Whisper()
    step = 0
    base = 0.0
    opt = torch.optim.AdamW(
        [p for p in m.parameters() if p.requires_grad],
        lr=1e-3,
        betas=(0.9, 0.98),
        weight_decay=0.01,
    )
    if "--resume" in sys.argv:
        z = torch.load(sys.argv[sys.argv.index("--resume") + 1], weights_only=True)
        m.load_state_dict(z["m"])
        base = z["prog"]
        if "opt" in z:
            opt.load_state_dict(z["opt"])
    if "--from" in sys.argv:
        base = float(sys.argv[sys.argv.index("--from") + 1])
    V_ = [val.batch(8, 24), val.batch(30, 6, 0.3)]
    t0 = time.time()
    acc = []
    lastsave = t0
    used = {}
    #        until  [(window s, batch, share of steps)]
    PLAN = [
        (0.10, [(3, 24, 2), (5, 14, 1)]),
        (0.35, [(4, 11, 2), (6, 8, 2), (10, 4, 0.5)]),
        (0.62, [(4, 12, 3), (8, 6, 2), (14, 3, 1), (30, 2, 0.4)]),
        (1.1, [(8, 9, 2), (12, 6, 2), (30, 3, 1.5)]),
    ]
    while True:
        prog = base + (1 - base) * (time.time() - t0) / (minutes * 60)
        if prog >= 1:
            break
        L, B, _ = D_.rng.choices(
            *zip(*[((L, B, w), w) for L, B, w in next(p for u, p in PLAN if prog < u)])
        )[0]
        lr = (
            2e-3
            * min(1, (step + 1) / (40 if base else 200))
            * (0.5 * (1 + math.cos(math.pi * min(1, prog))) + 0.01)
        )
        for gr in opt.param_groups:
            gr["lr"] = lr
        ts = time.time()
        b = D_.batch(L, B, 0.04 if prog < 0.5 else 0.5)
        tb = time.time()
        ce, ph, ga, okw, okt = losses(m, *b)
        (ce + (1.5 if prog < 0.6 else 0.7) * ph + (0.4 if prog < 0.62 else 1.0) * ga).backward()
        gn = torch.nn.utils.clip_grad_norm_(m.parameters(), 1.0)
        opt.step()
        opt.zero_grad()
        step += 1
        acc.append([ce.item(), ph.item(), ga.item(), okw.item(), okt.item(), float(gn)])
        u = used.setdefault(L, [0, 0, 0])
        u[0] += 1
        u[1] += tb - ts
        u[2] += time.time() - tb
        if step % 25 == 0:
            print(
                f"step {step} prog {prog:.3f} {time.time() - t0:.0f}s lr {lr:.5f} ce/phone/guide/word/ts/gn",
                *np.round(np.mean(acc, 0), 3),
                flush=True,
            )
            acc = []
        if step % 250 == 0 or time.time() - lastsave > 150:
            m.eval()
            with torch.no_grad():
                vs = [[round(float(x), 3) for x in losses(m, *v)] for v in V_]
            m.train()
            print(
                "  VAL 8s",
                vs[0],
                "30s",
                vs[1],
                "time/step by window",
                {k: (u[0], round(u[1] / u[0], 3), round(u[2] / u[0], 3)) for k, u in used.items()},
                flush=True,
            )
            torch.save(dict(m=m.state_dict(), prog=prog, opt=opt.state_dict()), out / "last.tmp")
            (out / "last.tmp").rename(out / "last.pt")
            lastsave = time.time()
    torch.save(dict(m=m.state_dict(), prog=1.0), out / "final.pt")
    print("done", step, "steps", round(time.time() - t0), "s")


if __name__ == "__main__":
    main()
