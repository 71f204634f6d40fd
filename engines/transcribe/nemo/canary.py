"""What is special about Canary: prompts, and two ways to learn when its words are said."""

import re
from collections.abc import Sequence

from nemo.collections.asr.parts.utils.rnnt_utils import Hypothesis
from nemo.collections.asr.parts.utils.timestamp_utils import (
    get_forced_aligned_timestamps_with_external_model,
)
from nemo.collections.common.tokenizers.canary_tokenizer import CANARY_SPECIAL_TOKENIZER
from nemo.core.classes import ModelPT

from dalston_sdk.engine import Samples

_SPECIAL = re.compile(r"<\|[^|<>]*\|>")
_LANGUAGE = re.compile(r"<\|([a-z]{2})\|>")
_NATIVE_TIMES = ("<|timestamp|>", "<|notimestamp|>", "<|1|>")
_PLAIN = {
    "decodercontext": "",
    "emotion": "<|emo:undefined|>",
    "itn": "no",
    "diarize": "no",
}
"""What newer models are told beside languages, where their own files do not say otherwise."""

Span = tuple[str, float, float]
"""A word with its start and end, in seconds from the start of its stretch."""


def prompt_of(network: ModelPT, language: str, into: str, *, with_times: bool) -> dict[str, str]:
    """The slots of the model's own form of prompt.

    Args:
        network: The library's object.
        language: What is spoken, as a code that the model knows.
        into: What is to be written; another language is a translation.
        with_times: Whether the model is to write times between words.
    """
    given = network.prompt.get_default_dialog_slots()
    defaults = given[0]["slots"] if given else {}
    asked = {
        **_PLAIN,
        **{name: value for name, value in defaults.items() if value is not None},
        "source_lang": language,
        "target_lang": into,
        "task": "asr" if into == language else "ast",
        "pnc": "yes",
        "timestamp": "yes" if with_times else "no",
    }
    known = network.prompt.get_slots("user")
    return {name: value for name, value in asked.items() if name in known}


def languages_of(network: ModelPT) -> tuple[str, ...]:
    """The codes that the model's tokenizer knows."""
    tokenizer = network.tokenizer
    langs = getattr(tokenizer, "langs", None)
    if langs:
        return tuple(
            sorted({name.split("-")[0] for name in langs if name != CANARY_SPECIAL_TOKENIZER})
        )
    found = map(_LANGUAGE.fullmatch, map(str, tokenizer.vocab))
    return tuple(sorted(match[1] for match in found if match))


def writes_times(network: ModelPT) -> bool:
    """Whether the model brings an aligner, or has learnt to write times between its words."""
    if getattr(network, "timestamps_asr_model", None) is not None:
        return True
    names = set(map(str, network.tokenizer.vocab))
    return all(name in names for name in _NATIVE_TIMES) and (
        "timestamp" in network.prompt.get_slots("user")
    )


def aligned(
    found: Sequence[Hypothesis], pieces: Sequence[Samples], aligner: ModelPT, device: str
) -> list[Hypothesis]:
    """The same hypotheses, those with text with the times at which the aligner hears it."""
    with_text = [index for index, each in enumerate(found) if each.text.strip()]
    if with_text:
        aligner.to(device)
        get_forced_aligned_timestamps_with_external_model(
            audio=[pieces[index] for index in with_text],
            batch_size=len(with_text),
            external_ctc_model=aligner,
            main_model_predictions=[found[index] for index in with_text],
            timestamp_type=["word"],
            viterbi_device=aligner.device,
            verbose=False,
        )
    return list(found)


def spoken_words(hypothesis: Hypothesis, *, with_words: bool) -> tuple[str, list[Span]]:
    """The text without marks, and its words with times; none of them unless each has some."""
    times = hypothesis.timestamp if isinstance(hypothesis.timestamp, dict) else {}
    text = " ".join(_SPECIAL.sub(" ", hypothesis.text).split())
    words = times.get("word", []) if with_words else []
    spans = [
        (str(each["word"]).strip(), float(each["start"]), float(each["end"]))
        for each in words
        if str(each["word"]).strip()
    ]
    if " ".join(word for word, _, _ in spans) != text:
        return text, []
    return text, [_with_time(spans, index) for index in range(len(spans))]


def _with_time(spans: Sequence[Span], index: int) -> Span:
    """A word that the aligner could not place is where the one before it ends."""
    word, start, end = spans[index]
    if start >= 0 and end >= 0:
        return spans[index]
    before = next((each[2] for each in reversed(spans[:index]) if each[2] >= 0), 0.0)
    return word, before, before
