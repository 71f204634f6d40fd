"""Vocabularies of pieces of words, as the models' tokenizers have them."""

from collections.abc import Sequence

from tokenizers import Tokenizer, decoders, pre_tokenizers
from tokenizers.models import BPE

PIECES = (
    *("▁please", "▁send", "▁the", "▁letter", "▁to", "▁on", "▁a", "▁is", "▁for", "▁in", "▁we"),
    *("s", "t", "ing", "er", "ly", "en", "a", "o", "n", "▁", ".", ","),
)


def tokenizer_of(special: Sequence[str], *, last: Sequence[str] = ()) -> Tokenizer:
    """Return a tokenizer that knows the pieces, with special tokens before and after them."""
    names = [*special, *PIECES, *last]
    places = {name: index for index, name in enumerate(names)}
    tokenizer = Tokenizer(BPE(places, [], unk_token=special[0]))
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.decoder = decoders.Metaspace()
    tokenizer.add_special_tokens([*special, *last])
    return tokenizer
