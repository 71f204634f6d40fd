"""Tiny language models in GGUF, for llama.cpp: what they write is known from their weights.

Attention and feed-forward layers of a ``parrot`` add nothing, and its embeddings are one-hot, so
that the score of a token goes by the token before it alone. It writes one phrase wherever it may
write what it likes. A ``rambler`` has random weights and never comes to an end.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from gguf import GGUFWriter, TokenType

PHRASE = ("Good", "▁morning", ".")
"""What a parrot writes, by its tokens."""

TEXT = "Good morning."
TEMPLATE = "{% for m in messages %}<{{ m.role }}>{{ m.content }}\n{% endfor %}<assistant>"
CONTEXT = 4096
_SPECIAL = ("<unk>", "<s>", "</s>")
_BYTES = tuple(f"<0x{number:02X}>" for number in range(256))
_LETTERS = tuple(chr(number) for number in range(33, 127))
TOKENS = (*_SPECIAL, *_BYTES, *_LETTERS, "▁", "Good", "▁morning")
_SCORE = 30.0


def make_parrot(
    file: Path, *, phrase: Sequence[str] = PHRASE, context: int = CONTEXT, template: str = TEMPLATE
) -> Path:
    """Write a model that answers with a phrase; tokens of ``phrase`` differ from each other."""
    after = {'"': phrase[0], **dict(zip(phrase, (*phrase[1:], '"'), strict=True))}
    scores = np.zeros((len(TOKENS), len(TOKENS)), dtype=np.float32)
    for token, following in after.items():
        scores[TOKENS.index(following), TOKENS.index(token)] = _SCORE
    for token in TOKENS:  # it ends what it may end
        scores[TOKENS.index("</s>"), TOKENS.index(token)] += _SCORE / 3
        for mark in ('"', "}", "]"):
            scores[TOKENS.index(mark), TOKENS.index(token)] += _SCORE / 4
    width = 384
    embeddings = np.zeros((len(TOKENS), width), dtype=np.float32)
    embeddings[:, : len(TOKENS)] = np.eye(len(TOKENS), dtype=np.float32)
    output = np.zeros((len(TOKENS), width), dtype=np.float32)
    output[:, : len(TOKENS)] = scores / np.sqrt(width)
    return _write(file, embeddings, output, _layer(width, scale=0.0), context, template)


def make_rambler(file: Path, *, width: int = 64, context: int = CONTEXT) -> Path:
    """Write a model with random weights."""
    chance = np.random.default_rng(0)
    embeddings, output = chance.standard_normal((2, len(TOKENS), width)).astype(np.float32) * 0.3
    return _write(file, embeddings, output, _layer(width, scale=0.3), context, TEMPLATE)


def make_folder(folder: Path, file: Path) -> Path:
    """Return a folder with one model in it, as a pull leaves it."""
    folder.mkdir(parents=True)
    file.rename(folder / "model.gguf")
    return folder


def _layer(width: int, *, scale: float) -> Mapping[str, np.ndarray]:
    chance = np.random.default_rng(1)
    shapes = {
        "attn_q": (width, width),
        "attn_k": (width // 2, width),
        "attn_v": (width // 2, width),
        "attn_output": (width, width),
        "ffn_gate": (width, width),
        "ffn_up": (width, width),
        "ffn_down": (width, width),
    }
    weights = {
        name: (chance.standard_normal(shape) * scale).astype(np.float32)
        for name, shape in shapes.items()
    }
    return weights | dict.fromkeys(("attn_norm", "ffn_norm"), np.ones(width, dtype=np.float32))


def _write(
    file: Path,
    embeddings: np.ndarray,
    output: np.ndarray,
    layer: Mapping[str, np.ndarray],
    context: int,
    template: str,
) -> Path:
    width = embeddings.shape[1]
    writer = GGUFWriter(file, "llama")
    writer.add_context_length(context)
    writer.add_embedding_length(width)
    writer.add_block_count(1)
    writer.add_feed_forward_length(width)
    writer.add_head_count(4)
    writer.add_head_count_kv(2)
    writer.add_rope_dimension_count(width // 4)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_vocab_size(len(TOKENS))
    writer.add_tokenizer_model("llama")
    writer.add_token_list(TOKENS)
    writer.add_token_scores([-float(number) for number in range(len(TOKENS))])
    writer.add_token_types([_kind(token) for token in TOKENS])
    writer.add_unk_token_id(0)
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_add_space_prefix(False)
    writer.add_chat_template(template)
    writer.add_tensor("token_embd.weight", embeddings)
    writer.add_tensor("output.weight", output)
    writer.add_tensor("output_norm.weight", np.ones(width, dtype=np.float32))
    for name, weights in layer.items():
        writer.add_tensor(f"blk.0.{name}.weight", weights)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return file


def _kind(token: str) -> TokenType:
    if token == "<unk>":
        return TokenType.UNKNOWN
    if token in _SPECIAL:
        return TokenType.CONTROL
    return TokenType.BYTE if token in _BYTES else TokenType.NORMAL
