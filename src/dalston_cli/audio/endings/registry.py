"""Which sign of an end each container has."""

from collections.abc import Callable, Mapping

from dalston_cli.audio.endings import blocks, boxes, framed, ogg, packets
from dalston_cli.audio.endings.mp3 import mp3_is_cut
from dalston_cli.audio.endings.tags import end_of_sound
from dalston_cli.audio.file_bytes import FileBytes
from dalston_cli.audio.sound_chunk import sound_chunk

Check = Callable[[FileBytes], bool]


def _of_frames(length_of: framed.FrameLength) -> Check:
    return lambda file: framed.last_frame_is_cut(file, length_of, end_of_sound(file))


def _sound_is_missing(file: FileBytes) -> bool:
    chunk = sound_chunk(file)
    return chunk is not None and chunk.missing > 0


_CHECKS: Mapping[str, tuple[Check, str]] = {
    **dict.fromkeys(
        ("wav", "w64", "aiff", "caf", "au"),
        (_sound_is_missing, "the file has less sound than its header declares"),
    ),
    "voc": (blocks.voc_is_cut, "the block that marks the end is missing"),
    "ogg": (ogg.ogg_is_cut, "the last page is not whole"),
    "flac": (ogg.flac_is_cut, "the last frame is not whole"),
    "mp3": (mp3_is_cut, "the last frames are missing"),
    "aac": (_of_frames(framed.adts_frame), "the last frame is not whole"),
    "loas": (_of_frames(framed.loas_frame), "the last frame is not whole"),
    "ac3": (_of_frames(framed.ac3_frame), "the last frame is not whole"),
    "eac3": (_of_frames(framed.ac3_frame), "the last frame is not whole"),
    "dts": (_of_frames(framed.dts_frame), "the last frame is not whole"),
    "amr": (framed.amr_is_cut, "the last frame is not whole"),
    "gsm": (framed.gsm_is_cut, "the last frame is not whole"),
    "mov": (boxes.mp4_is_cut, "the box with the sound is not whole"),
    "matroska": (boxes.matroska_is_cut, "the last cluster is not whole"),
    "mpegts": (packets.transport_is_cut, "the last packet is not whole"),
    "mpeg": (packets.program_is_cut, "the last packet is not whole"),
    "asf": (packets.asf_is_cut, "packets that the header counts are missing"),
    "flv": (packets.flv_is_cut, "the last tag is not whole"),
    "avi": (packets.avi_is_cut, "the list with the sound is not whole"),
    "rm": (packets.real_is_cut, "packets that the header counts are missing"),
    "mxf": (packets.mxf_is_cut, "the footer is missing"),
    "wv": (blocks.wavpack_is_cut, "the last block is missing"),
    "tta": (blocks.tta_is_cut, "frames that the header counts are missing"),
    "ape": (blocks.ape_is_cut, "frames that the header counts are missing"),
    "mpc8": (blocks.musepack_is_cut, "the packet that marks the end is missing"),
}
"""By the media library's name for the container: the check, and what a positive answer means."""


def missing_end(file: FileBytes, format_name: str) -> str | None:
    """Return which sign of the file's end is missing; None where all known signs are there."""
    check, meaning = _CHECKS.get(format_name, (None, ""))
    return meaning if check is not None and check(file) else None
