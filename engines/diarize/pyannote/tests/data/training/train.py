"""Makes weights.npz: what tiny.py needs of a segmentation and an embedding that know three voices.

Run with the engine's own interpreter; takes a quarter of an hour on one core::

    OMP_NUM_THREADS=1 PYTHON train.py

The segmentation is a PyanNet whose SincNet stays as it was made at random, with a small LSTM on
top that is trained to tell at every moment which of the three voices are heard; a voice always has
the same class, which the permutations that diarization allows do not forbid. The embedding is an
XVectorMFCC of which only the last layer is trained; the layers before it are random projections,
made from a seed by tiny.py, too. The PLDA is estimated from the embeddings in closed form.
"""

import itertools
import random
import sys
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parents[1])]

from tiny import (  # noqa: E402 - found by the line above
    DIMENSION,
    POWERSET,
    SECONDS,
    embedding_body,
    segmentation_body,
)
from voices import RATE, VOICES, Utterance, dialogue, say, sentence  # noqa: E402

STRETCHES = (0.85, 1.0, 1.2)
LDA = 8


def main() -> None:
    random.seed(1)
    torch.manual_seed(1)
    said = [
        (voice, say(sentence(1000 * index + seed), voice, STRETCHES[seed % 3]))
        for index, voice in enumerate(VOICES)
        for seed in range(40)
    ]
    print("spoken", len(said), flush=True)
    arrays = train_segmentation(said) | train_embedding(said)
    np.savez_compressed(
        HERE.parent / "weights.npz",
        **{name: array.astype(np.float16) for name, array in arrays.items()},
    )


def mixture(said: list[tuple[str, Utterance]]) -> tuple[torch.Tensor, torch.Tensor]:
    """Ten seconds of a dialogue, and who is heard at each of its samples, 100 to the second."""
    voices = random.sample(VOICES, random.choice((1, 2, 2, 3)))
    parts = []
    for _ in range(7):
        voice, piece = random.choice([each for each in said if each[0] in voices])
        gain = 10 ** random.uniform(-0.5, 0.1)
        piece = Utterance((piece.samples * gain).astype(np.float32), piece.speech)
        pause = random.choice((random.uniform(-1.0, 0.0), random.uniform(0.0, 2.5)))
        parts.append((voice, piece, pause if parts else random.uniform(0, 2)))
    samples, turns = dialogue(parts)
    first = random.uniform(0, max(0.0, len(samples) / RATE - SECONDS))
    cut = samples[round(first * RATE) :][: SECONDS * RATE]
    cut = np.pad(cut, (0, SECONDS * RATE - len(cut)))
    cut = cut + np.random.default_rng(random.randrange(2**31)).normal(
        0, 10 ** random.uniform(-5, -2.5), len(cut)
    )
    heard = torch.zeros(SECONDS * 100, len(VOICES))
    for turn in turns:
        span = slice(*(max(0, round((at - first) * 100)) for at in (turn.start, turn.end)))
        heard[span, VOICES.index(turn.voice)] = 1
    return torch.from_numpy(cut.astype(np.float32)), heard


def train_segmentation(said: list[tuple[str, Utterance]]) -> dict[str, np.ndarray]:
    model = segmentation_body()
    chunks, targets = [], []
    with torch.inference_mode():
        for index in range(420):
            samples, heard = mixture(said)
            features = model.sincnet(samples[None, None])[0].T
            frames = torch.linspace(0, len(heard) - 1, len(features)).round().long()
            chunks.append(features)
            targets.append(_classes(heard[frames]))
            if index % 60 == 0:
                print("features", index, flush=True)
    features, classes = torch.stack(chunks).clone(), torch.stack(targets).clone()
    trained = [*model.lstm.parameters(), *model.linear.parameters(), *model.classifier.parameters()]
    optimiser = torch.optim.Adam(trained, lr=4e-3)
    epochs, size = 40, 14
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, max_lr=6e-3, total_steps=epochs * (400 // size)
    )
    for epoch in range(epochs):
        order = torch.randperm(400)[: 400 // size * size].split(size)
        total = 0.0
        for batch in order:
            loss = functional.nll_loss(
                _tail(model, features[batch]).flatten(0, 1), classes[batch].flatten()
            )
            optimiser.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(trained, 1.0)
            optimiser.step()
            schedule.step()
            total += loss.item()
        with torch.inference_mode():
            unseen = _tail(model, features[400:]).argmax(-1) == classes[400:]
        print("epoch", epoch, total / len(order), unseen.float().mean().item(), flush=True)
    return {
        f"segmentation.{name}": value.numpy()
        for name, value in model.state_dict().items()
        if not name.startswith("sincnet")
    }


def _classes(heard: torch.Tensor) -> torch.Tensor:
    """The powerset class of each frame; of three at once, two."""
    table = {voices: index for index, voices in enumerate(POWERSET)}
    rows = (tuple(row.nonzero().flatten().tolist())[:2] for row in heard)
    return torch.tensor([table[row] for row in rows])


def _tail(model: torch.nn.Module, features: torch.Tensor) -> torch.Tensor:
    """Compute what PyanNet does after its SincNet."""
    outputs, _ = model.lstm(features)
    for layer in model.linear:
        outputs = functional.leaky_relu(layer(outputs))
    return model.activation(model.classifier(outputs))


def train_embedding(said: list[tuple[str, Utterance]]) -> dict[str, np.ndarray]:
    model = embedding_body()
    speakers, rows = [], []
    speeds = (0.9, 1.0, 1.1)  # played faster or slower a voice is another one
    with torch.inference_mode():
        for index, ((voice, piece), speed) in enumerate(itertools.product(said, speeds)):
            samples = np.interp(
                np.arange(0, len(piece.samples), speed),
                np.arange(len(piece.samples)),
                piece.samples,
            )
            noise = np.random.default_rng(index).normal(
                0, 10 ** random.uniform(-5, -2.5), len(samples)
            )
            sound = torch.from_numpy((samples + noise).astype(np.float32))
            rows.append(_statistics(model, sound))
            speakers.append(VOICES.index(voice) * len(speeds) + speeds.index(speed))
    statistics, labels = torch.stack(rows).clone(), torch.tensor(speakers)
    mean, spread = statistics.mean(0), statistics.std(0) + 1e-3
    layer = torch.nn.Linear(statistics.shape[1], DIMENSION)
    heads = torch.nn.Linear(DIMENSION, len(speeds) * len(VOICES), bias=False)
    optimiser = torch.optim.AdamW(
        [*layer.parameters(), *heads.parameters()], lr=1e-3, weight_decay=0.1
    )
    inputs = (statistics - mean) / spread
    for step in range(300):
        batch = torch.randperm(len(inputs))[:64]
        noisy = inputs[batch] + 0.3 * torch.randn_like(inputs[batch])
        cosine = functional.normalize(layer(noisy)) @ functional.normalize(heads.weight).T
        target = functional.one_hot(labels[batch], cosine.shape[1])
        loss = functional.cross_entropy(12 * (cosine - 0.2 * target), labels[batch])
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    print("embedding", loss.item(), flush=True)
    weight = layer.weight.detach() / spread
    bias = layer.bias.detach() - weight @ mean
    with torch.inference_mode():
        embeddings = (statistics @ weight.T + bias).numpy().astype(np.float64)
    arrays = {"embedding.weight": weight.numpy(), "embedding.bias": bias.numpy()}
    return arrays | plda(embeddings, labels.numpy())


def _statistics(model: torch.nn.Module, sound: torch.Tensor) -> torch.Tensor:
    outputs = model.mfcc(sound[None, None]).squeeze(1)
    for block in model.tdnns:
        outputs = block(outputs)
    return model.stats_pool(outputs)[0]


def plda(embeddings: np.ndarray, labels: np.ndarray) -> dict[str, np.ndarray]:
    """LDA, then the two covariances of PLDA, as pyannote.audio's files have them."""
    mean1 = embeddings.mean(0)
    centred = _unit(embeddings - mean1) * np.sqrt(DIMENSION)
    lda = _discriminants(centred, labels)
    projected = centred @ lda
    mean2 = projected.mean(0)
    vectors = _unit(projected - mean2) * np.sqrt(LDA)
    within, between = _covariances(vectors, labels)
    transform = _whitening(within)
    psi, turn = np.linalg.eigh(transform @ between @ transform.T)
    return {
        "plda.mean1": mean1,
        "plda.lda": lda,
        "plda.mean2": mean2,
        "plda.mu": vectors.mean(0),
        "plda.tr": turn.T[::-1] @ transform,
        "plda.psi": np.maximum(psi[::-1], 1e-2),
    }


def _unit(rows: np.ndarray) -> np.ndarray:
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def _covariances(rows: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    means = np.stack([rows[labels == label].mean(0) for label in np.unique(labels)])
    within = np.cov((rows - means[labels]).T) + 1e-2 * np.eye(rows.shape[1])
    return within, np.cov(means.T)


def _whitening(within: np.ndarray) -> np.ndarray:
    return np.linalg.inv(np.linalg.cholesky(within))


def _discriminants(rows: np.ndarray, labels: np.ndarray) -> np.ndarray:
    within, between = _covariances(rows, labels)
    whitening = _whitening(within)
    _, turn = np.linalg.eigh(whitening @ between @ whitening.T)
    return whitening.T @ turn[:, ::-1][:, :LDA]


if __name__ == "__main__":
    main()
