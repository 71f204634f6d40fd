"""The voices of samples: of recordings, which an engine works on, and of transcripts."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from dalston_cli.audio.source import given_name
from dalston_cli.catalog.catalog import Catalog
from dalston_cli.catalog.load import load_catalog
from dalston_cli.catalog.schema import ModelEntry
from dalston_cli.catalog.weights.inventory import installed_ids
from dalston_cli.commands.batch import environment_of
from dalston_cli.commands.store.setting import kept_results
from dalston_cli.console import Console
from dalston_cli.console.engine_view import engine_view
from dalston_cli.errors import UsageError
from dalston_cli.formats.read import read_transcript
from dalston_cli.launchers.pool.notices import PassedOver, Ready, Starting
from dalston_cli.options.build import build_run_options
from dalston_cli.pipeline.endpoints import LocalFile
from dalston_cli.pipeline.environment import Environment
from dalston_cli.pipeline.events import Event, ModelPulling, StageStarted, WarningRaised
from dalston_cli.pipeline.plan.voices import NoVoiceFiguresError, rule_of
from dalston_cli.pipeline.recognition.finished import StoredVoices
from dalston_cli.pipeline.recognition.samples import Sample, diarize_samples
from dalston_cli.pipeline.request import AUTO_MODEL, RecordingRequest, RunOptions
from dalston_cli.settings.load import ResolvedSettings, load_settings
from dalston_cli.settings.locations import Locations
from dalston_cli.speakers.enrolment import enough_of, enrolled, single_voice
from dalston_cli.speakers.joining import VoiceSamples
from dalston_cli.speakers.roster import EnrolledVoice, OtherModelError, Roster
from dalston_cli.speakers.roster_file import NoRosterError, read_roster
from dalston_sdk.wire import Stage

if TYPE_CHECKING:
    from dalston_cli.commands.speakers.adding import AddOptions


class WhichSpeakerError(UsageError):
    """A transcript has several speakers, or not the one that was named."""

    code = "which_speaker"

    def __init__(self, path: Path, labels: Sequence[str]) -> None:
        listed = ", ".join(labels)
        super().__init__(
            f"{path} has the speakers {listed}", hint=f"say which one it is: --speaker {labels[0]}"
        )


class IdleSampleOptionError(UsageError):
    """An option does nothing with the samples that were given."""

    code = "idle_option"

    def __init__(self, option: str, needed: str) -> None:
        super().__init__(f"{option} does nothing without {needed}", hint=f"leave {option} out")


def take_samples(options: "AddOptions", profile: str | None, console: Console) -> VoiceSamples:
    """Return what is kept of the voice in each sample.

    Raises:
        UsageError: What is asked for is impossible.
        InputError: A sample cannot be used.
        UnavailableError: The model or its engine cannot be had.
    """
    is_transcript = {path: path.suffix.lower() == ".json" for path in options.samples}
    if options.speaker and not any(is_transcript.values()):
        raise IdleSampleOptionError("--speaker", "a transcript")
    if options.clip and all(is_transcript.values()):
        raise IdleSampleOptionError("--clip", "a recording")
    catalog, locations = load_catalog(), Locations.from_environment()
    resolved = load_settings(_flags(options), profile=profile)
    model = _model(options, resolved, catalog, locations)
    rule = rule_of(model)
    recordings = [path for path in is_transcript if not is_transcript[path]]
    found = _of_transcripts([*(set(is_transcript) - set(recordings))], options, model, console)
    if recordings:
        run_options = _run_options(resolved, model)
        environment = environment_of(resolved, run_options, catalog, locations)
        found |= _of_recordings(recordings, run_options, environment, console)
    voices = tuple((given_name(path), found[path]) for path in is_transcript)
    return VoiceSamples(model=model.id, rule=rule, voices=voices)


def _flags(options: "AddOptions") -> dict[str, object]:
    names = ("diarize_model", "clip", "device", "launcher", "store", "offline")
    return {"diarize": True} | {name: getattr(options, name) for name in names}


def _model(
    options: "AddOptions", resolved: ResolvedSettings, catalog: Catalog, locations: Locations
) -> ModelEntry:
    """Return the model of the roster, or for a new one what was named, or the best measured one."""
    named = resolved.settings.diarize_model
    wanted = None if named == AUTO_MODEL else catalog.model(named, Stage.DIARIZE)
    try:
        roster: Roster | None = read_roster(options.roster, locations.state)
    except NoRosterError:
        roster = None
    if roster is not None and roster.people:
        if options.diarize_model and wanted is not None and wanted.id != roster.model:
            raise OtherModelError(wanted.id, roster.model)
        return catalog.model(roster.model)
    if wanted is not None:
        return wanted
    models = catalog.models_for(Stage.DIARIZE)
    measured = [model for model in models if model.voices is not None]
    if not measured:
        raise NoVoiceFiguresError(models[0])
    here = installed_ids(catalog, locations.models)
    return next((model for model in measured if model.id in here), measured[0])


def _run_options(resolved: ResolvedSettings, model: ModelEntry) -> RunOptions:
    """Return the options of a run that finds out how many voices there are in a recording."""
    plain = {"speakers_from": None, "speaker_names": (), "channels": "mix", "audio_track": None}
    free = dict.fromkeys(("num_speakers", "min_speakers", "max_speakers"))
    update = {**plain, **free, "diarize_model": model.id}
    return build_run_options(resolved.settings.replaced(**update))


def _of_recordings(
    paths: Sequence[Path], options: RunOptions, environment: Environment, console: Console
) -> dict[Path, EnrolledVoice]:
    requests = [
        RecordingRequest(source=LocalFile(path), name=given_name(path), relative=Path(path.name))
        for path in paths
    ]
    with engine_view(console) as tell_engines:

        def tell(event: Event) -> None:
            match event:
                case WarningRaised():
                    console.warning(event.message, hint=event.hint)
                case StageStarted(engine=engine) if engine is not None:
                    console.info(f"listening to {event.recording}")
                case Starting() | Ready() | PassedOver():
                    tell_engines(event)
                case ModelPulling(step="downloading", done_bytes=0, model=model_id):
                    console.info(f"downloading {model_id}")
                case _:
                    pass

        samples = asyncio.run(diarize_samples(requests, options, environment, tell))
    return {path: _of_sample(sample) for path, sample in zip(paths, samples, strict=True)}


def _of_sample(sample: Sample) -> EnrolledVoice:
    voice = single_voice(sample.result, sample.name, str(sample.record.model))
    return enrolled(voice, sample.record, sample.digest)


def _of_transcripts(
    paths: Sequence[Path], options: "AddOptions", model: ModelEntry, console: Console
) -> dict[Path, EnrolledVoice]:
    if not paths:
        return {}
    transcripts = {path: read_transcript(path) for path in paths}
    kept = kept_results(options.store, Locations.from_environment(), console)
    digests = (transcript.recording.digest for transcript in transcripts.values())
    stored = StoredVoices(kept, digests)
    found = {}
    for path, transcript in transcripts.items():
        record, heard = stored.voices(transcript)
        if record.model != model.id:
            raise OtherModelError(str(record.model), model.id)
        voices = {voice.speaker: voice for voice in heard}
        wanted = options.speaker or (next(iter(voices)) if len(voices) == 1 else "")
        labels = {name: label for label, name in transcript.speaker_names.items()}
        wanted = labels.get(wanted, wanted)
        if wanted not in voices:
            raise WhichSpeakerError(path, sorted(voices))
        voice = enough_of(voices[wanted], given_name(path), model.id)
        found[path] = enrolled(voice, record, transcript.recording.digest)
    return found
