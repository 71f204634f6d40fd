"""MMS: one CTC model with an adapter and a vocabulary for each language."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path

from adapter import Loaded, Located, Told, Traits
from ctc import Ctc
from language_codes import by_short_code
from loading import ADAPTERS

from dalston_sdk.sentences import Transcription
from dalston_sdk.weights import weights_unusable


class Mms(Ctc):
    """A model that has to be told the language, of which its folder has to hold the adapter."""

    def __init__(self, loaded: Loaded) -> None:
        super().__init__(loaded)
        self._in_force: str | None = None

    @cached_property
    def _files(self) -> Mapping[str, Path]:
        """The adapters by its names of languages, such as ``deu`` or ``cmn-script_simplified``."""
        before, after = ADAPTERS.split("*")
        folder = Path(self.loaded.network.config.name_or_path)
        return {
            file.name.removeprefix(before).removesuffix(after): file
            for file in folder.glob(ADAPTERS)
        }

    @cached_property
    def _languages(self) -> Mapping[str, str]:
        """Its names of the languages that have an adapter and a vocabulary, by BCP-47 codes."""
        vocabularies = self.loaded.processor.tokenizer.vocab
        return by_short_code(name for name in self._files if name in vocabularies)

    @cached_property
    def traits(self) -> Traits:
        """Its languages are those of the adapters."""
        plain = self.plain_traits(times_words=True, max_chunk_s=super().traits.max_chunk_s)
        return replace(plain, languages=tuple(sorted(self._languages)), must_be_told_language=True)

    @cached_property
    def vocabulary(self) -> None:  # type: ignore[override] # words are looked for before it is known
        """None: each language has its own, and it is not in force when words are tokenized."""

    def transcribe(self, located: Sequence[Located], told: Told) -> list[Transcription]:
        """Take the language's adapter and vocabulary, then go on as CTC does."""
        self._take(self._languages[str(told.language)])
        return super().transcribe(located, told)

    def _take(self, name: str) -> None:
        """Read an adapter, unless it is in force."""
        if name == self._in_force:
            return
        self._in_force = None
        try:
            self.loaded.network.load_adapter(name, local_files_only=True, use_safetensors=True)
        except (OSError, ValueError, RuntimeError) as error:
            raise weights_unusable(self._files[name], "the library cannot read it") from error
        self.loaded.processor.tokenizer.set_target_lang(name)
        vars(self).pop("_texts", None)  # of the language before
        self._in_force = name
