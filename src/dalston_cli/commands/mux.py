"""``dalston mux``: subtitles into a video."""

from pathlib import Path
from typing import Annotated

import typer

from dalston_cli.options.general import Json, Quiet


def mux(
    video: Annotated[Path, typer.Argument(metavar="VIDEO", help="The video; it stays as it is.")],
    subtitles: Annotated[
        list[Path],
        typer.Argument(metavar="SUBTITLES...", help="Files of .srt or .vtt, one for each track."),
    ],
    *,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="A new .mkv, .mp4, .m4v, .mov or .webm; by default film.subtitled.mp4 beside the"
            " subtitles, for film.mp4.",
        ),
    ] = None,
    language: Annotated[
        list[str] | None,
        typer.Option(
            metavar="LANG",
            help="Language of the subtitles, such as en; repeated for several, in their order. By"
            " default the one in the name, as in film.en.srt.",
        ),
    ] = None,
    title: Annotated[
        list[str] | None,
        typer.Option(
            metavar="TEXT",
            help="Title of the subtitles, as players list it; repeated for several.",
        ),
    ] = None,
    default: Annotated[
        bool,
        typer.Option(
            "--default/--no-default",
            help="Players show the first of the subtitles unless they are told otherwise.",
        ),
    ] = True,
    burn_in: Annotated[
        bool,
        typer.Option(
            "--burn-in",
            help="Draw them into the pictures, which are encoded anew for it, by the ffmpeg"
            " command.",
        ),
    ] = False,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace a file that is there.")
    ] = False,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Put subtitles into a video.

    Adds them as tracks that players switch on and off. Pictures and sound are copied, never
    encoded again; the video itself stays as it is.

    dalston mux film.mp4 film.en.srt

    dalston mux film.mp4 film.en.srt film.de.srt -o film.mkv

    dalston mux film.mp4 film.srt -o out.mp4 --language en --title English

    dalston mux film.mp4 film.srt -o burnt.mp4 --burn-in
    """
    from dalston_cli.amounts import count
    from dalston_cli.console import Console
    from dalston_cli.muxing import burning, errors
    from dalston_cli.muxing import mux as muxing
    from dalston_cli.muxing.beside import subtitled_path
    from dalston_cli.muxing.containers import container_of
    from dalston_cli.muxing.tracks import read_tracks

    console = Console("mux", json=json, quiet=quiet)
    output = output or subtitled_path(video, subtitles[0])
    tracks = read_tracks(subtitles, language or (), title or ())
    if burn_in:
        if len(tracks) != 1:
            raise errors.BurnOneError(len(tracks))
        console.info(f"ffmpeg encodes the pictures of {video} anew")
        done = burning.burn_in(video, tracks[0], output, overwrite=overwrite)
    else:
        done = muxing.mux(video, tracks, output, overwrite=overwrite, shown=default)
    if not (default or burn_in) and container_of(output).shows_first:
        console.warning(f"a {output.suffix} shows its first subtitles: --no-default has no effect")
    for warning in done.warnings:
        console.warning(warning)
    console.info(f"wrote {output} with {count(len(tracks), 'track')} of subtitles")
    console.result(
        {
            "path": done.path,
            "burnt_in": burn_in,
            "tracks": [
                {
                    "subtitles": track.path,
                    "language": track.language,
                    "title": track.title,
                    "cues": len(track.cues),
                    "default": default and not burn_in and not at,
                }
                for at, track in enumerate(tracks)
            ],
            "left_out": list(done.left_out),
            "cut": done.cut,
        }
    )
