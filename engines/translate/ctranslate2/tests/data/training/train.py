"""Trains the tiny weights beside this folder: python train.py nllb|madlad OUT.

The one is an M2M100 with NLLB's tokens, the other a T5 with MADLAD's tags; both are made by
transformers, turned into CTranslate2's format by its converter, and in 8 bits as those of the hub.
Wants torch, transformers 4, ctranslate2 and sentencepiece; takes a few minutes on a CPU.
"""

import random
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import ctranslate2
import sentencepiece
import torch
from sentences import LANGUAGES, heard, pairs, sentence
from transformers import (
    M2M100Config,
    M2M100ForConditionalGeneration,
    NllbTokenizer,
    PreTrainedModel,
    PreTrainedTokenizerBase,
    T5Config,
    T5ForConditionalGeneration,
    T5Tokenizer,
)

STEPS, BATCH = 1500, 32
FLORES = {"en": "eng_Latn", "de": "deu_Latn", "fr": "fra_Latn"}
TAGS = [f"<2{code}>" for code in (*LANGUAGES, "sr", "zh", "zh_Hant", "fil", "no")]
"""Some are there for the list of languages only."""

Encode = Callable[[str, str, str, str], tuple[list[int], list[int]]]
"""Source and target language, text and translation, as tokens and labels."""

SHARED = {"d_model": 64, "pad_token_id": 1, "eos_token_id": 2}
"""What both networks have in common."""


class Made(NamedTuple):
    """A network that knows nothing yet, and how it is told of a sentence."""

    model: PreTrainedModel
    tokenizer: PreTrainedTokenizerBase
    encode: Encode


def make_pieces(target: Path, vocab_size: int, **options: object) -> None:
    """Train a SentencePiece model on the sentences."""
    chance = random.Random(1)  # noqa: S311 - nothing secret
    text = [line for _ in range(4000) for one in sentence(chance) for line in (one, heard(one))]
    with target.open("wb") as file:
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=iter(text),
            model_writer=file,
            vocab_size=vocab_size,
            split_digits=True,
            minloglevel=2,
            **options,
        )


def batches(encode: Encode) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    """Yield sources and labels, padded."""
    source = pairs(random.Random(2))  # noqa: S311
    while True:
        made = [encode(*next(source)) for _ in range(BATCH)]
        yield (
            padded([one for one, _ in made], SHARED["pad_token_id"]),
            padded([other for _, other in made], -100),
        )


def padded(rows: list[list[int]], fill: int) -> torch.Tensor:
    """Return rows of one length."""
    longest = max(map(len, rows))
    return torch.tensor([row + [fill] * (longest - len(row)) for row in rows])


def train(model: PreTrainedModel, encode: Encode) -> None:
    """Train until the sentences are known."""
    pad = SHARED["pad_token_id"]
    optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3)
    plan = torch.optim.lr_scheduler.OneCycleLR(optimizer, 3e-3, total_steps=STEPS)
    model.train()
    made = batches(encode)
    for step in range(STEPS):
        source, labels = next(made)
        loss = model(input_ids=source, attention_mask=(source != pad).long(), labels=labels).loss
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        plan.step()
        if step % 100 == 0 or step == STEPS - 1:
            print(type(model).__name__, step, round(loss.item(), 4), flush=True)
    model.eval()


def convert(made: Made, out: Path, pieces: Path) -> None:
    """Write the weights as CTranslate2 reads them, beside the SentencePiece model."""
    with tempfile.TemporaryDirectory() as place:
        made.model.save_pretrained(place)
        made.tokenizer.save_pretrained(place)
        converter = ctranslate2.converters.TransformersConverter(place)
        converter.convert(str(out), quantization="int8", force=True)
    (out / pieces.name).write_bytes(pieces.read_bytes())


def nllb(pieces: Path) -> Made:
    """Make the one with NLLB's tokens."""
    make_pieces(pieces, 220)
    tokenizer = NllbTokenizer(str(pieces))
    torch.manual_seed(0)
    config = M2M100Config(
        vocab_size=len(tokenizer),
        encoder_layers=2,
        decoder_layers=2,
        encoder_attention_heads=4,
        decoder_attention_heads=4,
        encoder_ffn_dim=128,
        decoder_ffn_dim=128,
        max_position_embeddings=256,
        scale_embedding=True,
        dropout=0.0,
        encoder_layerdrop=0.0,
        decoder_layerdrop=0.0,
        bos_token_id=0,
        decoder_start_token_id=2,
        **SHARED,
    )

    def encode(source: str, target: str, said: str, wanted: str) -> tuple[list[int], list[int]]:
        from_id, into_id = tokenizer.convert_tokens_to_ids([FLORES[source], FLORES[target]])
        one, other = (ids_of(tokenizer, text) for text in (said, wanted))
        return [from_id, *one], [into_id, *other]

    return Made(M2M100ForConditionalGeneration(config), tokenizer, encode)


def madlad(pieces: Path) -> Made:
    """Make the one with MADLAD's tags."""
    make_pieces(pieces, 230, user_defined_symbols=TAGS)
    tokenizer = T5Tokenizer(
        str(pieces), extra_ids=0, pad_token="<s>", additional_special_tokens=TAGS, legacy=True
    )
    torch.manual_seed(0)
    config = T5Config(
        vocab_size=len(tokenizer),
        d_kv=16,
        d_ff=128,
        num_layers=2,
        num_heads=4,
        dropout_rate=0.0,
        feed_forward_proj="gated-gelu",
        tie_word_embeddings=False,
        decoder_start_token_id=0,
        **SHARED,
    )

    def encode(_: str, target: str, said: str, wanted: str) -> tuple[list[int], list[int]]:
        tag = tokenizer.convert_tokens_to_ids(f"<2{target}>")
        return [tag, *ids_of(tokenizer, said)], ids_of(tokenizer, wanted)

    return Made(T5ForConditionalGeneration(config), tokenizer, encode)


def ids_of(tokenizer: PreTrainedTokenizerBase, text: str) -> list[int]:
    """Return the tokens of a text with its end."""
    return [*tokenizer(text, add_special_tokens=False).input_ids, SHARED["eos_token_id"]]


FAMILIES = {"nllb": (nllb, "sentencepiece.bpe.model"), "madlad": (madlad, "spiece.model")}


def main(family: str, out: Path) -> None:
    """Make, train and convert one of the two."""
    torch.set_num_threads(1)
    make, name = FAMILIES[family]
    with tempfile.TemporaryDirectory() as folder:
        pieces = Path(folder) / name
        made = make(pieces)
        train(made.model, made.encode)
        convert(made, out, pieces)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
