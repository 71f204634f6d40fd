"""Events: find what else there is to hear, such as laughter or a dog."""

from collections.abc import Iterable, Sequence

import msgspec

from dalston_cli.stages.base import Found, Inputs, Stage
from dalston_cli.stages.origin import origin, with_origin
from dalston_sdk.wire import (
    AudioEvent,
    EventsOptions,
    EventsRequest,
    EventsResult,
    ModelRef,
    Transcript,
)
from dalston_sdk.wire import Stage as StageKind


class DetectEvents(Stage[EventsOptions, EventsResult]):
    """Needs no other stage."""

    name = "events"
    kind = StageKind.EVENTS
    verb = "detect events"
    options = EventsOptions
    result = EventsResult

    def request(self, model: ModelRef, options: EventsOptions, inputs: Inputs) -> EventsRequest:
        """Ask for the events."""
        del inputs
        return EventsRequest(model=model, options=options)

    def contribute(
        self, transcript: Transcript, found: Sequence[Found[EventsResult]]
    ) -> Transcript:
        """Add all events in time order; what several channels have at the same time is one."""
        events = [
            msgspec.structs.replace(event, start=start, end=end)
            for channel in found
            for event in channel.result.events
            for start, end in [channel.window.place(event.start, event.end)]
        ]
        if not events:
            return transcript
        events.sort(key=lambda event: (event.start, event.label))
        kept = events if found[0].num_channels == 1 else _united(events)
        transcript = msgspec.structs.replace(transcript, events=tuple(kept))
        return with_origin(transcript, self.name, origin(self.name, transcript.stages))


EVENTS = DetectEvents()


def _united(events: Iterable[AudioEvent]) -> list[AudioEvent]:
    """Make events of one label that overlap one event, with the best score."""
    out: list[AudioEvent] = []
    last: dict[str, int] = {}
    for event in events:
        before = out[last[event.label]] if event.label in last else None
        if before is None or event.start >= before.end:
            last[event.label] = len(out)
            out.append(event)
        else:
            out[last[event.label]] = msgspec.structs.replace(
                before, end=max(before.end, event.end), score=max(before.score, event.score)
            )
    return out
