"""``--audio-track``: what it takes, and its place in keys and plans."""

from pathlib import Path

import pytest
from tests.support.pipeline_home import MACHINE, make_catalog
from tests.support.run_options import run_options

from dalston_cli.audio.request import MIXING, AudioInfo, Channel
from dalston_cli.audio.tracks import InvalidTrackError, Track, parse_track, speaking
from dalston_cli.options.build import build_run_options
from dalston_cli.pipeline.intake.manifest import read_manifest
from dalston_cli.pipeline.jobs.keys import prepare_key
from dalston_cli.pipeline.jobs.prepared import description_key, stored_audio
from dalston_cli.pipeline.plan.model import Launch, PlanContext, Weights
from dalston_cli.pipeline.plan.planner import TracksAndChannelsError, plan_recording
from dalston_cli.pipeline.records.store import FileStore
from dalston_cli.pipeline.request import Overrides
from dalston_cli.settings.load import read_settings
from dalston_sdk.wire import Notice, RecordingInfo

KEY = "0" * 64


@pytest.mark.parametrize(
    ("text", "track"),
    [("0", 0), (" 12", 12), ("ALL", "all"), ("eng", "en"), ("German", "de"), ("pt_BR", "pt-br")],
)
def test_tracks_as_they_are_written(text: str, track: Track) -> None:
    assert parse_track(text) == track
    assert build_run_options(read_settings({"audio_track": text.strip()})).track == track


@pytest.mark.parametrize("text", ["-1", "", "1.5", "frist one"])
def test_what_is_no_track(text: str) -> None:
    with pytest.raises(InvalidTrackError, match="--audio-track") as caught:
        parse_track(text)
    assert "--audio-track 0" in (caught.value.hint or "")


def test_the_very_variety_of_a_language_goes_first() -> None:
    assert speaking(("pt-pt", "pt-br", "", "en"), "pt-br") == (1,)
    assert speaking(("pt-pt", "pt", "", "en"), "pt-br") == (0, 1)
    assert speaking(("", "fr"), "en") == ()


def test_keys_change_only_where_a_track_is_asked_for() -> None:
    keys = {prepare_key("d", "mix", None, track) for track in (None, 0, "all", "en")}

    assert len(keys) == 4
    assert prepare_key("d", "mix", None, None) == prepare_key("d", "mix", None)


def test_a_manifest_names_tracks(tmp_path: Path) -> None:
    file = tmp_path / "batch.csv"
    file.write_text("path,audio_track\na.mkv,1\nb.mkv,german\nc.mkv,\n", encoding="utf-8")

    tracks = [row.overrides.audio_track for row in read_manifest(file)]

    assert tracks == [1, "de", None]


def test_all_tracks_and_parts_of_one_exclude_each_other(tmp_path: Path) -> None:
    catalog = make_catalog(tmp_path)
    context = PlanContext(
        catalog=catalog,
        machine=MACHINE,
        installed={name: Weights(digest=f"d:{name}", path=None) for name in catalog.models},
        launch=lambda engine, device: Launch(launcher="local", digest=f"{engine.name}@{device}"),
    )

    with pytest.raises(TracksAndChannelsError, match="--channels split"):
        plan_recording(context, run_options(track="all", channels="split"))
    with pytest.raises(TracksAndChannelsError, match="--channels 1"):
        plan_recording(context, run_options(channels=1), Overrides(audio_track="all"))
    assert plan_recording(context, run_options(track=1, channels="split")).track == 1
    plain, all_tracks = (
        plan_recording(context, run_options(track=track)) for track in (None, "all")
    )
    assert plain.key != all_tracks.key


def described(
    channel: int | None = None,
    *,
    num_channels: int = 2,
    mixing: int = MIXING,
    tracks: tuple[str, ...] = (),
    code: str = "",
) -> AudioInfo:
    """A description of decoded audio, as the store has it."""
    return AudioInfo(
        info=RecordingInfo(
            name="a",
            digest="d",
            duration_s=1.0,
            sample_rate=16_000,
            num_channels=num_channels,
            container="wav",
            codec="pcm_s16le",
        ),
        channels=(Channel(channel=channel, duration_s=1.0, audio_digest="d"),),
        warnings=(Notice(code=code, message=code),) if code else (),
        mixing=mixing,
        tracks=tracks,
    )


@pytest.mark.parametrize(
    ("known", "is_found"),
    [
        pytest.param(described(), True, id="made-by-the-rules-of-today"),
        pytest.param(described(mixing=1), False, id="an-earlier-mix"),
        pytest.param(described(mixing=1, num_channels=1), True, id="nothing-to-mix"),
        pytest.param(described(1, mixing=1), True, id="one-channel"),
    ],
)
def test_an_earlier_mix_is_made_again(tmp_path: Path, known: AudioInfo, is_found: bool) -> None:
    store = FileStore(tmp_path)
    store.put(KEY, known)

    assert (stored_audio(store, KEY) is not None) is is_found


@pytest.mark.parametrize(
    ("known", "language", "is_found"),
    [
        pytest.param(described(tracks=("fr", "en")), None, True, id="no-language"),
        pytest.param(described(tracks=("fr", "en")), "de", True, id="no-such-track"),
        pytest.param(described(tracks=("fr", "en")), "en", False, id="another-track"),
        pytest.param(described(), "en", True, id="one-track"),
        pytest.param(
            described(num_channels=1, mixing=1, code="other_audio_streams"),
            "en",
            False,
            id="tracks-whose-languages-were-not-kept",
        ),
    ],
)
def test_the_track_of_another_language_is_decoded(
    tmp_path: Path, known: AudioInfo, language: str | None, is_found: bool
) -> None:
    store = FileStore(tmp_path)
    store.put(KEY, known)

    assert (stored_audio(store, KEY, language) is not None) is is_found


def test_tracks_that_are_chosen_by_language_are_stored_beside_each_other(tmp_path: Path) -> None:
    store = FileStore(tmp_path)
    languages = (None, "fr", "en", "de")
    for language in languages:
        known = described(tracks=("fr", "en"), code=f"for-{language}")
        store.put(description_key(KEY, known, language), known)

    found = [stored_audio(store, KEY, language) for language in languages]

    codes = [one.warnings[0].code for one in found if one is not None]
    assert codes == ["for-de", "for-fr", "for-en", "for-de"]
