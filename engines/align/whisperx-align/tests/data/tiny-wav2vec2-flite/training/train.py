"""Train a very small wav2vec 2.0 to spell what flite says.   train.py DATA_DIR OUT_DIR MINUTES [THREADS]

Every letter is taught at one frame inside its word's interval, evenly spread, and "|" at the word's
end; all other frames are blank. CTC on top of it makes the spelling right where the spread is not.
OUT_DIR gets a folder in the layout of the hub, its weights in half precision.
"""

import json
import math
import random
import sys
import time
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from transformers import (
    Wav2Vec2Config,
    Wav2Vec2CTCTokenizer,
    Wav2Vec2FeatureExtractor,
    Wav2Vec2ForCTC,
    Wav2Vec2Processor,
)

RATE, FRAME_S = 16_000, 0.02
LETTERS = ["<pad>", "<s>", "</s>", "<unk>", "|", *"ETAONIHSRDLUMWCFGYPBVK'XJQZ"]
ID = {letter: number for number, letter in enumerate(LETTERS)}


def config():
    return Wav2Vec2Config(
        vocab_size=len(LETTERS),
        hidden_size=96,
        num_hidden_layers=2,
        num_attention_heads=4,
        intermediate_size=256,
        conv_dim=(32, 32, 48, 64, 64, 96, 96),
        num_conv_pos_embeddings=31,
        num_conv_pos_embedding_groups=8,
        pad_token_id=0,
        mask_time_prob=0.0,
        hidden_dropout=0.0,
        attention_dropout=0.0,
        activation_dropout=0.0,
        feat_proj_dropout=0.0,
        final_dropout=0.0,
        layerdrop=0.0,
    )


def compose(clips, audio, rng, seconds):
    """Clips one after another with silence between, and where each word is; (samples, words)."""
    samples = np.zeros(int(seconds * RATE), np.float32)
    place, words = rng.uniform(0, 0.5), []
    while True:
        clip = rng.choice(clips)
        length = clip["length"] / RATE
        if place + length > seconds:
            break
        first = int(place * RATE)
        sound = audio[clip["offset"] : clip["offset"] + clip["length"]].astype(np.float32)
        samples[first : first + len(sound)] = sound / 32768
        for word, (start, end) in zip(clip["words"], clip["times"], strict=True):
            words.append((word, place + start, place + end))
        place += length + rng.uniform(0, 0.8)
    samples *= 10 ** rng.uniform(-0.7, 0.1)
    noise = np.random.default_rng(rng.randrange(1 << 30)).standard_normal(len(samples))
    samples += noise.astype(np.float32) * 10 ** rng.uniform(-5, -2.3)
    return (samples - samples.mean()) / (samples.std() + 1e-5), words


def batch(clips, audio, rng, seconds, size):
    frames = int(seconds / FRAME_S) - 1
    made = [compose(clips, audio, rng, seconds) for _ in range(size)]
    target, spelled = np.zeros((size, frames), np.int64), []
    for row, (_, words) in enumerate(made):
        spelling = []
        for word, start, end in words:
            for index, letter in enumerate(word.upper()):
                at = start + 0.01 + (end - start) * index / len(word)
                target[row, min(frames - 1, int(at / FRAME_S))] = ID[letter]
                spelling.append(ID[letter])
            target[row, min(frames - 1, int(end / FRAME_S))] = ID["|"]
            spelling.append(ID["|"])
        spelled.append(spelling)
    x = torch.from_numpy(np.stack([samples for samples, _ in made])).float()
    return x, torch.from_numpy(target), spelled


def losses(model, x, target, spelled):
    scores = model(x).logits.log_softmax(-1)
    frames = min(scores.shape[1], target.shape[1])
    weight = torch.ones(len(LETTERS))
    weight[0] = 0.3
    frame = F.nll_loss(scores[:, :frames].flatten(0, 1), target[:, :frames].flatten(), weight)
    ctc = F.ctc_loss(
        scores.transpose(0, 1),
        torch.tensor([letter for spelling in spelled for letter in spelling]),
        torch.full((len(x),), scores.shape[1]),
        torch.tensor([len(spelling) for spelling in spelled]),
        zero_infinity=True,
    )
    return frame, ctc, scores


def letter_error_rate(scores, spelled):
    wrong = count = 0
    for best, truth in zip(scores.argmax(-1).tolist(), spelled, strict=True):
        heard = [k for i, k in enumerate(best) if k and (i == 0 or best[i - 1] != k)]
        row = list(range(len(heard) + 1))
        for i, a in enumerate(truth, 1):
            new = [i]
            for j, b in enumerate(heard, 1):
                new.append(min(row[j] + 1, new[-1] + 1, row[j - 1] + (a != b)))
            row = new
        wrong += row[-1]
        count += len(truth)
    return round(wrong / count, 4)


def save(model, out):
    out.mkdir(parents=True, exist_ok=True)
    model.half().save_pretrained(out)
    model.float()
    (out / "vocab.json").write_text(json.dumps(ID), encoding="utf-8")
    tokenizer = Wav2Vec2CTCTokenizer(
        str(out / "vocab.json"), unk_token="<unk>", pad_token="<pad>", word_delimiter_token="|"
    )
    features = Wav2Vec2FeatureExtractor(
        sampling_rate=RATE, padding_value=0.0, do_normalize=True, return_attention_mask=False
    )
    Wav2Vec2Processor(feature_extractor=features, tokenizer=tokenizer).save_pretrained(out)


def main(data, out, minutes, threads):
    torch.set_num_threads(threads)
    torch.manual_seed(1)
    rng, began, step, seen = random.Random(1), time.time(), 0, []
    clips = json.loads((data / "clips.json").read_text())
    audio = np.memmap(data / "audio.i16", np.int16, "r")
    train, test = [c for c in clips if not c["test"]], [c for c in clips if c["test"]]
    held = batch(test, audio, random.Random(2), 8.0, 12)
    model = Wav2Vec2ForCTC(config())
    print(
        "parameters", sum(p.numel() for p in model.parameters()), len(train), len(test), flush=True
    )
    optimiser = torch.optim.AdamW(model.parameters(), lr=1e-3, betas=(0.9, 0.98))
    while (share := (time.time() - began) / minutes / 60) < 1:
        for group in optimiser.param_groups:
            group["lr"] = 2e-3 * min(1, (step + 1) / 100) * (0.5 * (1 + math.cos(math.pi * share)))
        model.train()
        seconds, size = (3.5, 12) if share < 0.6 else rng.choice([(3.5, 12), (8.0, 5)])
        frame, ctc, _ = losses(model, *batch(train, audio, rng, seconds, size))
        (2 * frame + 0.3 * ctc).backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        optimiser.zero_grad()
        step += 1
        seen.append((frame.item(), ctc.item()))
        if step % 50 == 0:
            model.eval()
            with torch.no_grad():
                wrong = letter_error_rate(losses(model, *held)[2], held[2])
            print(
                step,
                round(time.time() - began),
                "s",
                np.round(np.mean(seen, 0), 3),
                wrong,
                flush=True,
            )
            seen = []
        if step % 300 == 0:
            save(model, out)
    model.eval()
    save(model, out)
    with torch.no_grad():
        print("done", step, letter_error_rate(losses(model, *held)[2], held[2]))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), float(sys.argv[3]), int((sys.argv[4:] or ["2"])[0]))
