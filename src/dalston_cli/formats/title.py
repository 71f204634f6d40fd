"""What a transcript is called in files that people read."""

from pathlib import PurePath

from dalston_sdk.wire import Transcript


def title_of(transcript: Transcript) -> str:
    """Return the transcript's title, else the name of the recording's file.

    Folders are left out: a document that is passed on says nothing of its author's disk.
    """
    name = transcript.recording.name
    return transcript.title or PurePath(name).name or name
