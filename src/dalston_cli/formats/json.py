"""The transcript itself, as JSON: everything that is known, and the input of ``dalston export``."""

import msgspec

from dalston_cli.formats.options import RenderOptions
from dalston_sdk.wire import Transcript


def render(transcript: Transcript, options: RenderOptions) -> str:  # noqa: ARG001 - the signature of a writer
    """Return JSON indented by two blanks, letters not escaped, keys in a fixed order."""
    return msgspec.json.format(msgspec.json.encode(transcript), indent=2).decode() + "\n"
