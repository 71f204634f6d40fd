"""Train the recogniser to name each token in the two frames where it begins.   2_train.py DATA_DIR OUT.npz [EPOCHS]

The features are those of onnx-asr's own preprocessors, of three families, so that one set of weights serves them all.
"""

import json
import random
import sys
import time
from pathlib import Path

import lexicon
import numpy as np
import torch
import torch.nn.functional as F
from onnx_asr.preprocessors.numpy_preprocessor import (
    GigaamPreprocessorNumpy,
    KaldiPreprocessorNumpy,
    NemoPreprocessorNumpy,
)
from torch import nn

RATE, FRAME_S, WIDTH, BLOCKS, TAPS = 16_000, 0.04, 96, 5, 9
V = len(lexicon.VOCABULARY)
ID = {piece: i for i, piece in enumerate(lexicon.VOCABULARY)}
BLANK = V - 1
nemo, kaldi, gigaam = (
    NemoPreprocessorNumpy("nemo80"),
    KaldiPreprocessorNumpy("kaldi"),
    GigaamPreprocessorNumpy("gigaam_v2"),
)
WIDEN = np.stack(
    [np.interp(np.arange(80) * 63 / 79, np.arange(64), np.eye(64)[i]) for i in range(64)], 1
).astype(np.float32)


def normalised(x):
    return (x - x.mean(1, keepdims=True)) / (x.std(1, keepdims=True) + 1e-5)


def features(samples):
    """float32 (80, frames) by each family's preprocessor, brought to zero mean and unit variance."""
    batch, length = samples[None], np.array([len(samples)])
    found = []
    x, n = nemo(batch, length)
    found.append(x[0, :, : n[0]])
    x, n = kaldi(batch, length)
    found.append(normalised(x[0, : n[0]].T))
    x, n = gigaam(batch, length)
    found.append(normalised(WIDEN @ x[0, :, : n[0]]))
    return [f.astype(np.float16) for f in found]


def compose(clips, audio, rng):
    """One to three clips with silence around them, and where each token begins."""
    parts, tokens = [np.zeros(int(rng.uniform(0, 0.5) * RATE), np.float32)], []
    for clip in clips:
        start = sum(map(len, parts)) / RATE
        for word, (first, last) in zip(clip["words"], clip["times"], strict=True):
            pieces = lexicon.pieces(word)
            tokens += [
                (ID[p], start + first + (last - first) * i / len(pieces))
                for i, p in enumerate(pieces)
            ]
        parts.append(
            audio[clip["offset"] : clip["offset"] + clip["length"]].astype(np.float32) / 32768
        )
        parts.append(np.zeros(int(rng.uniform(0, 1.0) * RATE), np.float32))
    samples = np.concatenate(parts)
    if rng.random() < 0.5:
        samples = samples + np.random.default_rng(rng.randrange(1 << 30)).normal(
            0, 10 ** rng.uniform(-5, -3.3), len(samples)
        ).astype(np.float32)
    return samples.astype(np.float32), tokens


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.front = nn.ModuleList([nn.Conv1d(80, 64, 5, 2, 2), nn.Conv1d(64, WIDTH, 5, 2, 2)])
        self.front_norm = nn.ModuleList([nn.BatchNorm1d(64), nn.BatchNorm1d(WIDTH)])
        self.depth = nn.ModuleList(
            [
                nn.Conv1d(WIDTH, WIDTH, TAPS, 1, TAPS // 2, groups=WIDTH, bias=False)
                for _ in range(BLOCKS)
            ]
        )
        self.point = nn.ModuleList([nn.Conv1d(WIDTH, WIDTH, 1) for _ in range(BLOCKS)])
        self.norm = nn.ModuleList([nn.BatchNorm1d(WIDTH) for _ in range(BLOCKS)])
        self.out = nn.Conv1d(WIDTH, V, 1)

    def forward(self, x):
        for conv, norm in zip(self.front, self.front_norm, strict=True):
            x = F.relu(norm(conv(x)))
        for depth, point, norm in zip(self.depth, self.point, self.norm, strict=True):
            x = x + F.relu(norm(point(depth(x))))
        return self.out(F.dropout(x, 0.1, self.training))

    def weights(self):
        """Plain convolutions, the normalisation folded into them."""
        found = {}

        def fold(name, conv, norm):
            scale = norm.weight / torch.sqrt(norm.running_var + norm.eps)
            found[f"{name}_w"] = conv.weight * scale[:, None, None]
            found[f"{name}_b"] = (conv.bias - norm.running_mean) * scale + norm.bias

        for i, (conv, norm) in enumerate(zip(self.front, self.front_norm, strict=True)):
            fold(f"front{i}", conv, norm)
        for i, (point, norm) in enumerate(zip(self.point, self.norm, strict=True)):
            found[f"depth{i}_w"] = self.depth[i].weight
            fold(f"point{i}", point, norm)
        found |= {"out_w": self.out.weight, "out_b": self.out.bias}
        return {k: v.detach().numpy().astype(np.float16) for k, v in found.items()}


def batches(items, size, rng):
    order = sorted(range(len(items)), key=lambda i: (items[i][0].shape[1] // 100, rng.random()))
    groups = [order[i : i + size] for i in range(0, len(order), size)]
    rng.shuffle(groups)
    for group in groups:
        longest = max(items[i][0].shape[1] for i in group)
        frames = (longest - 1) // 4 + 1
        x, y = np.zeros((len(group), 80, longest), np.float32), np.full((len(group), frames), -100)
        for row, i in enumerate(group):
            feats, tokens = items[i]
            x[row, :, : feats.shape[1]] = feats
            y[row, : (feats.shape[1] - 1) // 4 + 1] = BLANK
            for token, start in tokens:
                first = int(start / FRAME_S)
                y[row, first : min(first + 2, (feats.shape[1] - 1) // 4 + 1)] = token
        yield torch.from_numpy(x), torch.from_numpy(y)


def greedy(logits):
    best, found = logits.argmax(0), []
    for t, token in enumerate(best):
        if token != BLANK and (t == 0 or best[t - 1] != token):
            found.append((int(token), t * FRAME_S))
    return found


def errors(truth, heard):
    row = list(range(len(heard) + 1))
    for i, a in enumerate(truth, 1):
        new = [i]
        for j, b in enumerate(heard, 1):
            new.append(min(row[j] + 1, new[-1] + 1, row[j - 1] + (a != b)))
        row = new
    return row[-1]


def main(data, out, epochs):
    torch.set_num_threads(2)
    torch.manual_seed(1)
    rng, began = random.Random(1), time.time()
    clips = json.loads((data / "clips.json").read_text())
    audio = np.memmap(data / "audio.i16", np.int16, "r")
    train, test = [c for c in clips if not c["test"]], [c for c in clips if c["test"]]
    rng.shuffle(train)
    items = [[], [], []]
    while train:
        group = [train.pop() for _ in range(min(len(train), rng.choice([1, 1, 2, 3])))]
        samples, tokens = compose(group, audio, rng)
        for family, feats in zip(items, features(samples), strict=True):
            family.append((feats, tokens))
    held = [(features(s), t) for s, t in (compose([c], audio, rng) for c in test)]
    print("features", len(items[0]), len(held), round(time.time() - began), "s", flush=True)
    net = Net()
    print("parameters", sum(p.numel() for p in net.parameters()), "tokens", V, flush=True)
    optimiser = torch.optim.AdamW(net.parameters(), 3e-3, weight_decay=1e-2)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, 6e-3, epochs * -(-len(items[0]) // 16)
    )
    weight = torch.ones(V)
    weight[BLANK] = 0.5
    for epoch in range(epochs):
        net.train()
        mixed, total = [items[rng.choice([0, 0, 1, 2])][i] for i in range(len(items[0]))], []
        for x, y in batches(mixed, 16, rng):
            loss = F.cross_entropy(net(x), y, weight=weight, ignore_index=-100)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
            total.append(float(loss))
        if epoch % 5 == 4 or epoch == epochs - 1:
            net.eval()
            report = []
            with torch.no_grad():
                for family in range(3):
                    wrong = count = 0
                    late = []
                    for feats, tokens in held:
                        heard = greedy(
                            net(torch.from_numpy(feats[family][None].astype(np.float32)))[0].numpy()
                        )
                        wrong += errors([t for t, _ in tokens], [t for t, _ in heard])
                        count += len(tokens)
                        if [t for t, _ in tokens] == [t for t, _ in heard]:
                            late += [abs(a[1] - b[1]) for a, b in zip(tokens, heard, strict=True)]
                    report.append(
                        (
                            round(100 * wrong / count, 2),
                            round(float(np.percentile(late, 95)), 3) if late else None,
                        )
                    )
            print(
                epoch + 1,
                "loss",
                round(float(np.mean(total)), 4),
                "token error % and p95 of the start's error in s, by family:",
                report,
                round(time.time() - began),
                "s",
                flush=True,
            )
            np.savez_compressed(out, **net.weights())


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]) if len(sys.argv) > 3 else 40)
