"""One recording's way from samples to text: where speech is, and what is said."""

from collections.abc import Callable
from dataclasses import dataclass

import msgspec
from decoding import decode
from faster_whisper import WhisperModel
from languages import pack
from options import Decoding
from parts import PartDecoder, PartsDecoder
from segments import convert
from vad import FRAME_S, as_regions, as_samples, find_speech, score

from dalston_sdk.batch_fitting import BatchFitter
from dalston_sdk.engine import SAMPLE_RATE, RunContext, Samples
from dalston_sdk.languages import from_whisper_code
from dalston_sdk.prompt_echoes import EchoFilter
from dalston_sdk.second_look import SecondLook, extended
from dalston_sdk.textless_speech import settle
from dalston_sdk.wire import FoundSpeech, Notice, Segment, SpeechRegion, TranscribeOptions


@dataclass(frozen=True, kw_only=True)
class Speech:
    """Where speech is: ``ranges`` and ``regions`` are the same; ``alone`` may be noise."""

    ranges: list[dict[str, int]]
    regions: list[SpeechRegion]
    alone: list[SpeechRegion]


@dataclass(frozen=True, kw_only=True)
class Text:
    """The text of a recording; ``used`` are the library's options, None without speech."""

    segments: list[Segment]
    regions: list[SpeechRegion]
    notices: tuple[Notice, ...]
    used: object


@dataclass(frozen=True, kw_only=True)
class RecordingDecoder:
    """Finds and decodes the speech of one request."""

    whisper: WhisperModel
    audio: Samples
    options: TranscribeOptions
    decoding: Decoding
    context: RunContext
    fitter: BatchFitter
    parts_decoder: Callable[[PartDecoder], PartsDecoder]

    def find_speech(self, given: FoundSpeech | None = None) -> Speech:
        """Find the speech, with a second look at what the first one left out.

        Args:
            given: That of a part of a recording, where it was found before.
        """
        if given is not None:
            regions = list(given.regions)
            return Speech(ranges=as_samples(regions), regions=regions, alone=list(given.alone))
        vad = self.decoding.vad
        if vad is None:
            ranges = [{"start": 0, "end": len(self.audio)}]
            return Speech(ranges=ranges, regions=as_regions(ranges), alone=[])
        ranges = find_speech(self.audio, vad)
        first = as_regions(ranges)
        second = SecondLook(
            score=score,
            frame_s=FRAME_S,
            threshold=vad["threshold"],
            chosen=self.options.vad_threshold is not None,
            min_speech_ms=int(vad["min_speech_duration_ms"]),
            pad_s=vad["speech_pad_ms"] / 1000,
            check=self.context.check_cancelled,
        )
        regions, alone = extended(
            first,
            second.find(self.audio, first),
            join_s=vad["min_silence_duration_ms"] / 1000,
            max_speech_s=vad["max_speech_duration_s"],
        )
        if regions != first:
            ranges = as_samples(regions)
        return Speech(ranges=ranges, regions=regions, alone=alone)

    def windows(self, speech: Speech) -> list[int]:
        """Return the numbers of the regions with which a batch of windows begins."""
        number_of = {region.start: number for number, region in enumerate(speech.regions)}
        windows = pack(speech.regions, self.decoding.chunk_length_s)
        firsts = windows[:: self.decoding.batch_size]
        return [number_of[each.start] for each in firsts if each.start in number_of]

    def decode(self, speech: Speech, language: str | None) -> Text:
        """Decode the speech, reporting segments as they come, then what only may be speech.

        Args:
            speech: As found.
            language: Whisper's code; None where there is no speech.
        """
        duration_s = len(self.audio) / SAMPLE_RATE
        text = Text(segments=[], regions=speech.regions, notices=(), used=None)
        if language is not None:
            text = self._decode(speech, language)
        self.context.progress(duration_s, duration_s)
        return text

    def _decode(self, speech: Speech, language: str) -> Text:
        translated = self.options.task == "translate"
        text_language = "en" if translated else from_whisper_code(language)
        decode_part = PartDecoder(
            self.audio, self.decoding.arguments, language=language, text_language=text_language
        )
        with self.parts_decoder(decode_part) as parts:
            parts.begin(speech.alone)
            return self._decode_beside(parts, speech, language, text_language)

    def _decode_beside(
        self, parts: PartsDecoder, speech: Speech, language: str, text_language: str
    ) -> Text:
        duration_s = len(self.audio) / SAMPLE_RATE
        without_echoes = EchoFilter(self.options, parts.decode_one, duration_s=duration_s)
        segments: list[Segment] = []
        used = None
        if speech.regions:
            found, info = decode(
                self.whisper, self.audio, speech.ranges, language, self.decoding, self.fitter
            )
            used = info.transcription_options
            converted = convert(
                found, regions=speech.regions, duration_s=duration_s, language=text_language
            )
            for segment in without_echoes.checked(converted):
                segments.append(msgspec.structs.replace(segment, id=len(segments)))
                self.context.partial(segments[-1:])
                self.context.progress(segment.end, duration_s)
        vad = self.decoding.vad
        settled = settle(
            segments,
            speech.regions,
            speech.alone,
            parts.decode_all,
            join_s=None if vad is None else vad["min_silence_duration_ms"] / 1000,
        )
        return Text(
            segments=settled.segments,
            regions=settled.regions,
            notices=(*without_echoes.notices, *settled.notices),
            used=used,
        )
