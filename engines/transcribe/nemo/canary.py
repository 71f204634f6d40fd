"""Canary's prompts, and its two ways to give times for words: an aligner, or time tokens."""

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
"""Prompt slots of newer models other than languages, unless their own files say otherwise."""

TimedWord = tuple[str, float, float]
"""A word with its start and end, in seconds from the start of its chunk."""


def prompt_of(network: ModelPT, language: str, into: str, *, with_times: bool) -> dict[str, str]:
    """Return the slots of a prompt, as far as the model's own format has them.

    Args:
        network: The library's object.
        language: The language spoken, as a code that the model knows.
        into: The language of the text; a translation if it is another one.
        with_times: True to have the model write times between words.
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
    """Return the language codes that the model's tokenizer knows."""
    tokenizer = network.tokenizer
    langs = getattr(tokenizer, "langs", None)
    if langs:
        return tuple(
            sorted({name.split("-")[0] for name in langs if name != CANARY_SPECIAL_TOKENIZER})
        )
    found = map(_LANGUAGE.fullmatch, map(str, tokenizer.vocab))
    return tuple(sorted(match[1] for match in found if match))


def writes_times(network: ModelPT) -> bool:
    """Return True if the model has an aligner, or was trained to write times between its words."""
    if getattr(network, "timestamps_asr_model", None) is not None:
        return True
    names = set(map(str, network.tokenizer.vocab))
    return all(name in names for name in _NATIVE_TIMES) and (
        "timestamp" in network.prompt.get_slots("user")
    )


def align_words(
    hypotheses: Sequence[Hypothesis], chunks: Sequence[Samples], aligner: ModelPT, device: str
) -> None:
    """Add the times of words to the hypotheses that have text, by forced alignment."""
    with_text = [index for index, each in enumerate(hypotheses) if each.text.strip()]
    if with_text:
        aligner.to(device)
        get_forced_aligned_timestamps_with_external_model(
            audio=[chunks[index] for index in with_text],
            batch_size=len(with_text),
            external_ctc_model=aligner,
            main_model_predictions=[hypotheses[index] for index in with_text],
            timestamp_type=["word"],
            viterbi_device=aligner.device,
            verbose=False,
        )


def text_and_words(hypothesis: Hypothesis, *, with_words: bool) -> tuple[str, list[TimedWord]]:
    """Return the text without special tokens, and its words with times if all words have one."""
    times = hypothesis.timestamp if isinstance(hypothesis.timestamp, dict) else {}
    text = " ".join(_SPECIAL.sub(" ", hypothesis.text).split())
    words = times.get("word", []) if with_words else []
    timed = [
        (str(each["word"]).strip(), float(each["start"]), float(each["end"]))
        for each in words
        if str(each["word"]).strip()
    ]
    if " ".join(word for word, _, _ in timed) != text:
        return text, []
    return text, [_with_time(timed, index) for index in range(len(timed))]


def _with_time(timed: Sequence[TimedWord], index: int) -> TimedWord:
    """Place a word that the aligner could not place at the end of the one before it."""
    word, start, end = timed[index]
    if start >= 0 and end >= 0:
        return timed[index]
    before = next((each[2] for each in reversed(timed[:index]) if each[2] >= 0), 0.0)
    return word, before, before
