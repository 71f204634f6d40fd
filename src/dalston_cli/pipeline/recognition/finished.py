"""The voices of recordings that were finished before: what is stored, by their transcripts."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import product

import msgspec

from dalston_cli.audio.request import AudioInfo
from dalston_cli.errors import InputError
from dalston_cli.pipeline.jobs.way import StoredResult
from dalston_cli.pipeline.records.store import KeptResults
from dalston_cli.speakers.recorded_voice import RecordedVoice
from dalston_cli.speakers.voices import voices_in
from dalston_cli.stages.base import Results
from dalston_cli.stages.diarize import DIARIZE
from dalston_cli.stages.merge.model import ChannelResults, MergeInput
from dalston_sdk.wire import RecordingInfo, StageRecord, Transcript

_MARK = b'"stage":"diarize"'
"""In every stored result of diarization; few others have it, in a record."""


class NoStoredVoicesError(InputError):
    """What a transcript's speakers were told apart by is not stored."""

    code = "no_stored_voices"

    def __init__(self, name: str, problem: str) -> None:
        super().__init__(
            f"the voices of {name} are not known: {problem}",
            hint="transcribe it again with --diarize --speakers-from ROSTER: what is stored is not"
            " done again",
        )


def diarization_of(transcript: Transcript) -> StageRecord | None:
    """Return the record of what told speakers apart; None where nothing did."""
    done = (one for one in transcript.stages if one.status == "done")
    return next((one for one in done if one.stage == "diarize"), None)


class StoredVoices:
    """Finds what is stored of transcripts' voices; reads the store once for all of them.

    Args:
        store: All results.
        recordings: Digests of those that will be asked for.
    """

    def __init__(self, store: KeptResults, recordings: Iterable[str]) -> None:
        self._store = store
        self._audio: dict[str, list[AudioInfo]] = defaultdict(list)
        self._diarized: dict[str, list[str]] = defaultdict(list)
        wanted = frozenset(recordings)
        for file in store.files():
            if (audio := _audio_info(file.value)) is not None:
                if audio.info.digest in wanted:
                    self._audio[audio.info.digest].append(audio)
            elif file.of and _MARK in file.value:
                self._diarized[file.of[-1]].append(file.key)

    def merge_input(self, transcript: Transcript) -> MergeInput:
        """Return what a transcript's speakers come from, as ``voices_in`` takes it.

        Raises:
            NoStoredVoicesError: It is not stored, or the transcript has no speakers.
        """
        info = transcript.recording
        record = diarization_of(transcript)
        if record is None:
            raise NoStoredVoicesError(info.name, "it was transcribed without --diarize")
        found = [
            (len(voices_in(transcript, merge_input)), merge_input)
            for merge_input in self._candidates(info, record)
        ]
        num_voices, best = max(found, key=lambda each: each[0], default=(0, None))
        if best is None or not num_voices:
            raise NoStoredVoicesError(info.name, "the result of diarization is not stored any more")
        return best

    def voices(self, transcript: Transcript) -> tuple[StageRecord, tuple[RecordedVoice, ...]]:
        """Return the voices of a transcript by the labels of diarization, and who found them.

        Raises:
            NoStoredVoicesError: They are not stored, or the transcript has no speakers.
        """
        merge_input = self.merge_input(transcript)
        return merge_input.stages[0], voices_in(transcript, merge_input)

    def _candidates(self, info: RecordingInfo, record: StageRecord) -> Iterator[MergeInput]:
        for audio in self._audio[info.digest]:
            if not _same_part(audio.info, info):
                continue
            stored = [
                [
                    each
                    for key in self._diarized[channel.audio_digest]
                    if (each := self._store.get(key, StoredResult)) is not None
                    and _same_origin(each.record, record)
                ]
                for channel in audio.channels
            ]
            for results in product(*stored):
                yield _merge_input(audio, results, info)


def _merge_input(
    audio: AudioInfo, results: Sequence[StoredResult], info: RecordingInfo
) -> MergeInput:
    return MergeInput(
        recording=info,
        channels=tuple(
            ChannelResults.of(channel, Results({DIARIZE: stored.result}))
            for channel, stored in zip(audio.channels, results, strict=True)
        ),
        stages=tuple(stored.record for stored in results[:1]),
    )


def _audio_info(value: bytes) -> AudioInfo | None:
    if b'"channels"' not in value:
        return None
    try:
        return msgspec.json.decode(value, type=AudioInfo)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None


def _same_part(one: RecordingInfo, other: RecordingInfo) -> bool:
    """Return True if both are of the same part of a recording."""
    parts = [(each.clip_start, each.clip_end, each.left_out) for each in (one, other)]
    return parts[0] == parts[1]


def _same_origin(one: StageRecord, other: StageRecord) -> bool:
    """Return True if a transcript may be made of a stored result."""
    both = [(each.stage, each.model, each.model_digest, each.options) for each in (one, other)]
    return both[0] == both[1]
