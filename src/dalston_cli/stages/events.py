"""Events: find other sounds than speech, such as laughter or a dog."""

from collections.abc import Iterable, Sequence

import msgspec

from dalston_cli.stages.base import Found, Stage
from dalston_cli.stages.origin import origin, with_origin
from dalston_sdk import wire


class DetectEvents(Stage[wire.EventsOptions, wire.EventsResult]):
    """Needs no other stage."""

    name = "events"
    kind = wire.Stage.EVENTS
    verb = "detect events"
    options = wire.EventsOptions
    asks = wire.EventsRequest
    result = wire.EventsResult

    def contribute(
        self, transcript: wire.Transcript, found: Sequence[Found[wire.EventsResult]]
    ) -> wire.Transcript:
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


def _united(events: Iterable[wire.AudioEvent]) -> list[wire.AudioEvent]:
    """Make events of one label that overlap one event, with the best score."""
    out: list[wire.AudioEvent] = []
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
