"""The transcript itself, as JSON: everything that is known, and the input of ``dalston export``."""

import hashlib

import msgspec

from dalston_cli.formats.options import RenderOptions
from dalston_sdk.wire import Transcript


def render(transcript: Transcript, options: RenderOptions) -> str:  # noqa: ARG001 - the signature of a writer
    """Return JSON indented by two blanks, letters not escaped, keys in a fixed order."""
    digest = None if transcript.key is None else content_digest(transcript)
    transcript = msgspec.structs.replace(transcript, digest=digest)
    return msgspec.json.format(msgspec.json.encode(transcript), indent=2).decode() + "\n"


def content_digest(transcript: Transcript) -> str:
    """Return the digest of a transcript, which does not cover its own ``digest``."""
    content = msgspec.json.encode(msgspec.structs.replace(transcript, digest=None))
    return f"sha256:{hashlib.sha256(content).hexdigest()}"
