"""Makes tiny models of every family under OUT: tiny.py OUT WHISPER WAV2VEC2.

``whisper`` and ``wav2vec2`` recognise flite's voices: trained weights of other engines' tests, for
Whisper in another layout. The others have random weights and vocabularies made here.
"""

import os
import shutil
import sys
import warnings
from collections.abc import Callable
from pathlib import Path

os.environ["HF_HUB_OFFLINE"] = "1"
warnings.simplefilter("ignore")

import torch  # noqa: E402 - after what it has to find

from dalston_sdk.torch_device import import_torchaudio  # noqa: E402 - likewise

import_torchaudio()

import transformers  # noqa: E402 - likewise
from tests.tiny_decoders import make_canary, make_cohere, make_moonshine  # noqa: E402 - likewise
from tests.tiny_encoders import make_ctc, make_omniasr, make_transducer  # noqa: E402 - likewise
from tests.tiny_language_models import (  # noqa: E402 - likewise
    make_granite_speech,
    make_omniasr_llm,
    make_qwen3_asr,
)
from tests.tiny_mms import make_mms  # noqa: E402 - likewise
from tests.tiny_vibevoice import make_vibevoice  # noqa: E402 - likewise
from tests.tiny_voxtral import make_voxtral  # noqa: E402 - likewise
from tests.tiny_whisper import convert_whisper  # noqa: E402 - likewise


def main(folder: Path, whisper: Path, wav2vec2: Path) -> None:
    """Make all of them."""
    transformers.utils.logging.disable_progress_bar()
    makers: dict[str, Callable[[Path], object]] = {
        "whisper": lambda each: convert_whisper(whisper, each),
        "wav2vec2": lambda each: shutil.copytree(
            wav2vec2, each, ignore=shutil.ignore_patterns("training")
        ),
        "parakeet-ctc": make_ctc,
        "omniasr-ctc": make_omniasr,
        "parakeet-tdt": lambda each: make_transducer(each, kind="tdt"),
        "parakeet-rnnt": lambda each: make_transducer(each, kind="rnnt"),
        "moonshine": make_moonshine,
        "canary": make_canary,
        "cohere": make_cohere,
        "qwen3-asr": make_qwen3_asr,
        "qwen3-asr-german": lambda each: make_qwen3_asr(
            each, writes=("language German", "<asr_text>", "▁send", "▁the", "▁letter")
        ),
        "granite-speech": make_granite_speech,
        "omniasr-llm": make_omniasr_llm,
        "mms": make_mms,
        "vibevoice": make_vibevoice,
        "voxtral": make_voxtral,
    }
    for name, make in makers.items():
        torch.manual_seed(7)
        make(folder / name)


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
