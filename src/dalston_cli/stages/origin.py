"""The origin of a transcript's field: a stage, and with it an engine and a model."""

from collections.abc import Iterable

import msgspec

from dalston_sdk.wire import Origin, StageRecord, Transcript

USER = Origin(stage="user")
ROSTER = Origin(stage="roster")
CHANNELS = FILE = Origin(stage="prepare")


def origin(stage: str, records: Iterable[StageRecord]) -> Origin:
    """Return a stage as an origin; its record says with which engine and model."""
    record = next((record for record in records if record.stage == stage), None)
    return Origin(
        stage=stage,
        engine=record.engine if record else None,
        model=record.model if record else None,
    )


def with_origin(transcript: Transcript, name: str, added: Origin) -> Transcript:
    """Note one more origin of one of the transcript's fields, behind the others."""
    before = transcript.provenance.get(name, ())
    if added in before:
        return transcript
    provenance = {**transcript.provenance, name: (*before, added)}
    return msgspec.structs.replace(transcript, provenance=provenance)
