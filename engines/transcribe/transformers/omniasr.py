"""OmniASR with a language model: told one of about 1,600 languages, or none."""

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

from adapter import Located, Told, Traits
from language_codes import by_short_code
from text_decoder import TextDecoder

from dalston_sdk.engine import SAMPLE_RATE

_MAX_CHUNK_S = 40.0
"""What it was trained on at most."""

_BEFORE, _AFTER = "<|lang:", "|>"


class OmniAsr(TextDecoder):
    """A model that writes better if it is told the language, and does not say which it was."""

    @cached_property
    def _languages(self) -> Mapping[str, str]:
        """Its names of languages, such as ``deu_latn``, by BCP-47 codes."""
        vocabulary = self.loaded.processor.tokenizer.get_vocab()
        return by_short_code(
            token.removeprefix(_BEFORE).removesuffix(_AFTER)
            for token in vocabulary
            if token.startswith(_BEFORE) and token != f"{_BEFORE}auto{_AFTER}"
        )

    @cached_property
    def traits(self) -> Traits:
        """Its languages are those that its vocabulary has a token for."""
        return Traits(
            name=self.loaded.name,
            languages=tuple(sorted(self._languages)),
            must_be_told_language=False,
            translates=False,
            times_words=False,
            max_chunk_s=_MAX_CHUNK_S,
            takes_language=True,
        )

    def inputs_of(self, located: Sequence[Located], told: Told) -> Any:  # noqa: ANN401 - the library's
        """Return samples, and the prompt with the language."""
        return self.loaded.processor.apply_transcription_request(
            [samples for samples, _ in located],
            language=None if told.language is None else self._languages[told.language],
            processor_kwargs={
                "text_kwargs": {"padding": True, "padding_side": "left"},
                "audio_kwargs": {"padding": True, "sampling_rate": SAMPLE_RATE},
                "return_tensors": "pt",
            },
        )
