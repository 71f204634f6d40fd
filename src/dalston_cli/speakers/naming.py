"""A transcript with the names of voices that are on a roster."""

from collections.abc import Collection, Mapping

import msgspec

from dalston_cli.speakers.decision import Recognition, decide, people_of
from dalston_cli.speakers.recorded_voice import RecordedVoice
from dalston_cli.speakers.voices import voices_in
from dalston_cli.stages.merge.labels import name_speakers
from dalston_cli.stages.merge.model import MergeInput
from dalston_cli.stages.origin import ROSTER
from dalston_sdk.wire import Notice, SpeakerMatch, StageRecord, Transcript

OUTDATED = "roster_outdated"
"""The code of the notice that no voice of a roster could be compared."""


def matches_of(
    transcript: Transcript,
    merge_input: MergeInput,
    recognition: Recognition,
    named: Mapping[str, str],
) -> tuple[SpeakerMatch, ...]:
    """Compare the voices of a transcript with a roster.

    Args:
        transcript: With labels, or with names from before.
        merge_input: What it was made of; of it the results of diarization alone are used.
        recognition: The roster, and the rule.
        named: Speakers whom the user has named, by label: their voices are not compared.
    """
    voices = [each for each in voices_in(transcript, merge_input) if each.speaker not in named]
    record = _diarized(merge_input.stages or transcript.stages)
    digest = record.model_digest if record else None
    people = people_of(recognition.roster, digest, _dimension(voices))
    found = decide(voices, people, recognition.rule, taken=frozenset(named.values()))
    model = recognition.roster.model
    return tuple(
        msgspec.structs.replace(match, model=model, model_digest=digest) for match in found
    )


def name_by_voice(
    transcript: Transcript,
    merge_input: MergeInput,
    recognition: Recognition,
    named: Mapping[str, str],
) -> Transcript:
    """Return a transcript with the names of known voices, and how each was decided on."""
    matches = matches_of(transcript, merge_input, recognition, named)
    names = {match.speaker: match.name for match in matches if match.name is not None}
    if names:
        transcript = name_speakers(transcript, names, by=ROSTER)
    outdated = bool(matches) and all(each.unknown == "nobody_to_compare" for each in matches)
    return msgspec.structs.replace(
        transcript,
        speaker_matches=matches,
        warnings=(*transcript.warnings, *([_outdated(recognition)] if outdated else [])),
    )


def _outdated(recognition: Recognition) -> Notice:
    model = recognition.roster.model
    return Notice(
        code=OUTDATED,
        message=f"no voice could be compared: the roster's were made with other weights of {model}"
        " than are used now; add its people again: dalston speakers add",
        stage="diarize",
    )


def _dimension(voices: Collection[RecordedVoice]) -> int | None:
    """Return the numbers in a vector of these voices; None without any."""
    return next((len(each.vector) for each in voices if each.vector is not None), None)


def _diarized(records: Collection[StageRecord]) -> StageRecord | None:
    return next((each for each in records if each.stage == "diarize" and each.model), None)
