"""The check that an engine which does parts of transcriptions comes to the same with them."""

from collections.abc import Iterator

from msgspec import structs

from dalston_sdk.client import EngineClient
from dalston_sdk.testing.process import settled
from dalston_sdk.testing.rules import require
from dalston_sdk.testing.subject import Subject
from dalston_sdk.wire import (
    DecodePart,
    FindSpeech,
    FoundSection,
    JoinParts,
    Stage,
    TranscribeRequest,
    TranscribeResult,
)

_BATCH = 2


async def check_parts(subject: Subject, client: EngineClient) -> None:
    """Check that a recording in parts is what it is as a whole, where the engine does parts."""
    if not (await settled(client)).splits:
        return
    whole = subject.request(Stage.TRANSCRIBE, option=("batch_size", _BATCH))
    if not isinstance(whole, TranscribeRequest):
        raise TypeError(type(whole).__name__)
    expected = await _result(subject, client, whole)
    found = await _result(subject, client, structs.replace(whole, part=FindSpeech()))
    require(len(found.sections) == 1, f"{len(found.sections)} sections of a short recording")
    require(not found.segments, "text was decoded where speech alone was asked for")
    results = [
        await _result(subject, client, structs.replace(whole, part=part))
        for part in _parts(found.sections[0])
    ]
    joined = JoinParts(sections=found.sections, results=(tuple(results),))
    result = await _result(subject, client, structs.replace(whole, part=joined))
    for name in TranscribeResult.__struct_fields__:
        one, other = getattr(expected, name), getattr(result, name)
        require(one == other, f"{name} of parts is {other}, and {one} of the whole")


def _parts(section: FoundSection) -> Iterator[DecodePart]:
    """Yield a part for each batch of windows."""
    speech = section.speech
    firsts = speech.windows or (0,)
    for first, last in zip(firsts, (*firsts[1:], len(speech.regions)), strict=True):
        start = speech.regions[first].start if first else 0.0
        end = speech.regions[last].start if last < len(speech.regions) else float("inf")
        alone = tuple(each for each in speech.alone if start <= each.start < end)
        own = structs.replace(speech, regions=speech.regions[first:last], alone=alone)
        yield DecodePart(speech=own, first=0, num_samples=section.last - section.first)


async def _result(
    subject: Subject, client: EngineClient, request: TranscribeRequest
) -> TranscribeResult:
    finished = await subject.run(client, request)
    if not isinstance(finished.result, TranscribeResult):
        raise TypeError(type(finished.result).__name__)
    return finished.result
