"""Speakers of reviewed transcripts on a roster, by what diarization stored of their voices."""

from collections.abc import Collection, Sequence
from pathlib import Path

from msgspec import Struct

from dalston_cli.catalog.catalog import Catalog
from dalston_cli.errors import InputError
from dalston_cli.formats.read import read_transcript
from dalston_cli.pipeline.plan.voices import rule_of
from dalston_cli.pipeline.recognition.finished import StoredVoices
from dalston_cli.pipeline.records.store import KeptResults
from dalston_cli.review.enrolling import EnrolledPerson, Enrolment
from dalston_cli.review.replay import corrected_beside
from dalston_cli.speakers.consent import ConsentMissingError, consent_to
from dalston_cli.speakers.enrolment import MOST_OTHERS_S, enough_of, enrolled
from dalston_cli.speakers.joining import VoiceSamples, join
from dalston_cli.speakers.recorded_voice import RecordedVoice
from dalston_cli.speakers.roster import suitable_name
from dalston_sdk.wire import SpeakerTurn, Stage, Transcript


class NoVoiceOfSpeakerError(InputError):
    """Diarization did not find a speaker, whom a person put into the transcript."""

    code = "no_voice_of_speaker"

    def __init__(self, speaker: str) -> None:
        super().__init__(
            f"no voice of {speaker} is stored: diarization found no such speaker",
            hint=f"enrol from a recording: dalston speakers add '{speaker}' sample.wav",
        )


class MixedVoiceError(InputError):
    """What is stored of a voice is partly that of others, as a person said."""

    code = "mixed_voice"

    def __init__(self, speaker: str, seconds: float) -> None:
        super().__init__(
            f"the voice that is stored of {speaker} has {seconds:.1f} s in it that you gave to"
            " others",
            hint="enrol from a part of the recording with this voice alone: dalston speakers add"
            f" '{speaker}' sample.wav --clip 0:10-0:40",
        )


class Enroller(Struct, frozen=True, kw_only=True):
    """Puts speakers of transcripts on one roster.

    Attributes:
        roster: Its name, or its file.
        state: The state folder.
        store: Where results of diarization are.
    """

    roster: str
    state: Path
    catalog: Catalog
    store: KeptResults

    def enrol(self, document: Path, wanted: Enrolment) -> EnrolledPerson:
        """Put a speaker of a transcript on the roster; nothing is computed.

        Raises:
            ConsentMissingError: The person did not agree.
            SpeakerNameError: The name cannot be given.
            NoStoredVoicesError, NoVoiceOfSpeakerError, MixedVoiceError, LittleSpeechError,
            NoVectorError, NoVoiceFiguresError: The voice cannot be used.
            OtherModelError, OtherVoiceError: It does not go with what is on the roster.
            RosterUnusableError, RosterNotWrittenError: The roster cannot be changed.
        """
        name = suitable_name(wanted.name)
        if not wanted.agreed:
            raise ConsentMissingError(name)
        consent = consent_to(wanted.consent, name)
        transcript = read_transcript(document)
        corrected = corrected_beside(transcript, document)
        stored = StoredVoices(self.store, (transcript.recording.digest,))
        record, voices = stored.voices(transcript)
        model = self.catalog.model(str(record.model), Stage.DIARIZE)
        voice = voice_of(wanted.speaker, corrected, voices)
        check_unmixed(voice.speaker, wanted.speaker, transcript, corrected)
        sample = f"what {wanted.speaker} says in {transcript.recording.name}"
        kept = enrolled(enough_of(voice, sample, model.id), record, transcript.recording.digest)
        samples = VoiceSamples(model=model.id, rule=rule_of(model), voices=((sample, kept),))
        joined = join(self.roster, self.state, name, samples, consent)
        return EnrolledPerson(
            name=joined.person.name,
            samples=len(joined.person.voices),
            seconds=round(joined.person.seconds, 2),
            sounds_like=tuple(other for other, _ in joined.alike),
        )


def voice_of(
    speaker: str, corrected: Transcript, voices: Collection[RecordedVoice]
) -> RecordedVoice:
    """Return a speaker's voice; of several that a person made one, that with most speech.

    Args:
        speaker: As the corrected transcript says.
        corrected: The transcript with what people changed.
        voices: By the labels of diarization.

    Raises:
        NoVoiceOfSpeakerError: There is none.
    """
    names = corrected.speaker_names
    own = [each for each in voices if names.get(each.speaker, each.speaker) == speaker]
    if not own:
        raise NoVoiceOfSpeakerError(speaker)
    return max(own, key=lambda voice: voice.seconds)


def check_unmixed(label: str, speaker: str, transcript: Transcript, corrected: Transcript) -> None:
    """Make sure that people left a speaker what diarization took for one voice.

    Raises:
        MixedVoiceError: They gave some of it to others.
    """
    before = transcript.speaker_names.get(label, label)
    given_s = lost_s(_turns(transcript, before), _turns(corrected, speaker))
    if given_s > MOST_OTHERS_S:
        raise MixedVoiceError(speaker, given_s)


def lost_s(before: Sequence[SpeakerTurn], after: Sequence[SpeakerTurn]) -> float:
    """Return the seconds in which there was a turn before and is none after."""
    edges = []
    for kind, turns in enumerate((before, after)):
        for turn in turns:
            edges += [(turn.start, 1, kind), (turn.end, -1, kind)]
    open_turns, lost, since = [0, 0], 0.0, 0.0
    for at, step, kind in sorted(edges):
        if open_turns[0] and not open_turns[1]:
            lost += at - since
        open_turns[kind] += step
        since = at
    return lost


def _turns(transcript: Transcript, speaker: str) -> list[SpeakerTurn]:
    return [turn for turn in transcript.turns if turn.speaker == speaker]
