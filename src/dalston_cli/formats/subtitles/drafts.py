"""Drafts of cues: what will be shown together, before it is known when."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from dalston_cli.formats.subtitles.atoms import Atom, with_lead
from dalston_cli.formats.subtitles.breaking import Line, break_lines, line_width
from dalston_cli.formats.subtitles.rules import SubtitleRules

SpeakerName = Callable[[str | None], str | None]
"""Returns the name to put before a speaker's words, or None."""


@dataclass(frozen=True, slots=True)
class Voice:
    """What one speaker says."""

    atoms: tuple[Atom, ...]
    speaker: str | None

    @property
    def start(self) -> float:
        """Start of the first word, in seconds."""
        return self.atoms[0].start

    @property
    def end(self) -> float:
        """End of the last word, in seconds."""
        return self.atoms[-1].end

    def named(self, name: str) -> "Voice":
        """Return the same words with their speaker's name before them."""
        return Voice(with_lead(f"{name}:", self.atoms), self.speaker)

    def dashed(self, name: str | None) -> "Voice":
        """Return the same words with a dash before them, and a name, if one is to be shown."""
        first, *rest = self.atoms
        if not first.is_label:
            return Voice(with_lead(f"- {name}:" if name else "-", self.atoms), self.speaker)
        return Voice(with_lead(f"- {first.text}", rest), self.speaker)


@dataclass(frozen=True, slots=True)
class Draft:
    """One speaker's words, or those of several at once, each on lines of its own."""

    voices: tuple[Voice, ...]

    @property
    def speaker(self) -> str | None:
        """The speaker; None for several."""
        return self.voices[0].speaker if len(self.voices) == 1 else None

    @property
    def start(self) -> float:
        """Start of the first word, in seconds."""
        return min(voice.start for voice in self.voices)

    @property
    def end(self) -> float:
        """End of the last word, in seconds."""
        return max(voice.end for voice in self.voices)

    def width(self, rules: SubtitleRules) -> int:
        """Return the columns of all lines as one, with a space between each two."""
        columns = sum(line_width(voice.atoms) for voice in self.voices) + len(self.voices) - 1
        is_spaced = all(atom.spaced for voice in self.voices for atom in voice.atoms[1:])
        return columns if is_spaced else columns + rules.max_line_count - len(self.voices)

    def needed_s(self, rules: SubtitleRules) -> float:
        """Return the seconds that it takes to read; never more than a cue may last."""
        needed = max(rules.min_cue_duration_s, self.width(rules) / rules.max_cps)
        return min(needed, rules.max_cue_duration_s)

    def lines(self, rules: SubtitleRules) -> tuple[tuple[Line, str | None], ...]:
        """Return the lines with their speakers."""
        return tuple(
            (line, voice.speaker)
            for voice in self.voices
            for line in break_lines(voice.atoms, rules)
        )


def single(atoms: Sequence[Atom], speaker: str | None) -> Draft:
    """Return a draft of one speaker's words."""
    return Draft((Voice(tuple(atoms), speaker),))
