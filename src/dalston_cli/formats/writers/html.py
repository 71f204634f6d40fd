"""A page for reading and listening: one file that opens from disk and asks nothing of a network.

Or, with ``--html-fragment``, only its article, for a page of one's own.
"""

import msgspec

from dalston_cli.formats.options import Heights, RenderOptions
from dalston_cli.formats.page.article import article_of
from dalston_cli.formats.page.assets import static_page
from dalston_cli.formats.page.audio import audio_link, embedded_audio, needed_recording
from dalston_cli.formats.page.document import page_document
from dalston_cli.formats.speakers import SpeakerNames
from dalston_sdk.wire import Transcript


def render(transcript: Transcript, options: RenderOptions) -> str:
    """Return the page, or its article.

    Raises:
        PageAudioError: The page is to have something of the recording, which cannot be read.
    """
    if options.html_fragment:
        return article_of(transcript, options)
    recording = transcript.recording
    if options.embed_audio is None:
        audio = audio_link(recording.name, options.folder)
    else:
        audio = embedded_audio(recording, options.folder, options.embed_audio)
    shown = transcript
    if not SpeakerNames.of(transcript, options).shown:
        shown = _without_speakers(transcript)
    document = page_document(
        shown,
        audio=audio,
        times=options.timestamps is not False,
        waveform=_waveform(recording.name, options),
    )
    return static_page(document, article_of(transcript, options))


def _waveform(name: str, options: RenderOptions) -> Heights | None:
    if options.waveform is None:
        return None
    return options.waveform(needed_recording(name, options.folder, "--waveform"))


def _without_speakers(transcript: Transcript) -> Transcript:
    segments = tuple(msgspec.structs.replace(each, speaker=None) for each in transcript.segments)
    return msgspec.structs.replace(transcript, segments=segments, turns=())
