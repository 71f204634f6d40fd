"""Text that engines marked as doubtful: left out by default, kept on demand, told either way."""

import msgspec
import pytest
from tests.support.run_options import channel_results
from tests.support.transcripts import recording, segment

from dalston_cli.stages.merge.assemble import merge
from dalston_cli.stages.merge.model import MergeInput
from dalston_sdk.wire import AlignResult, TranscribeResult, Transcript

REASON = "there is no sound"


def merged(*, keep: bool, clip_start: float | None = None) -> Transcript:
    said = segment("a word", 0, 2)
    invented = msgspec.structs.replace(segment("Thank you.", 6, 7, number=1), doubtful=REASON)
    channel = channel_results(
        channel=None,
        duration_s=30.0,
        transcribe=TranscribeResult(language="en", segments=(said, invented)),
        align=AlignResult(segments=(said, segment("Thank you.", 6.5, 7, number=1))),
    )
    info = msgspec.structs.replace(recording(duration_s=30.0), clip_start=clip_start)
    return merge(MergeInput(recording=info, channels=(channel,), keep_doubtful=keep))


def test_it_is_left_out_with_its_text_reason_and_times_in_the_warnings() -> None:
    transcript = merged(keep=False, clip_start=100.0)
    assert transcript.text == "a word"
    assert [each.doubtful for each in transcript.segments] == [None]
    [notice] = [each for each in transcript.warnings if each.code == "doubtful_text"]
    assert notice.message == (
        '"Thank you." is implausible and was left out: there is no sound; --keep-doubtful keeps it'
    )
    assert (notice.start, notice.end, notice.stage) == (106.0, 107.0, "transcribe")


def test_it_is_kept_on_demand_with_its_reason() -> None:
    transcript = merged(keep=True)
    assert transcript.text == "a word Thank you."
    assert [each.doubtful for each in transcript.segments] == [None, REASON]
    [notice] = [each for each in transcript.warnings if each.code == "doubtful_text"]
    assert notice.message == '"Thank you." is implausible: there is no sound'


@pytest.mark.parametrize("keep", [False, True])
def test_nothing_is_said_where_nothing_is_doubtful(*, keep: bool) -> None:
    result = TranscribeResult(language="en", segments=(segment("a word", 0, 2),))
    channel = channel_results(channel=None, duration_s=2.0, transcribe=result)
    info = recording(duration_s=2.0)
    transcript = merge(MergeInput(recording=info, channels=(channel,), keep_doubtful=keep))
    assert transcript.warnings == ()
