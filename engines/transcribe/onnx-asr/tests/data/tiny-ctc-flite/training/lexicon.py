"""Words, sentences and tokens of the tiny recogniser of flite's voices."""

import hashlib
import random

DIGITS = "zero one two three four five six seven eight nine".split()
DAYS = "monday tuesday wednesday thursday friday saturday sunday".split()
NAMES = "alice bob carol david emma frank grace henry".split()
COLOURS = "red green blue yellow black white".split()
THINGS = "meeting report letter office number table window garden kitchen station".split()
VERBS = "send bring open close call".split()
SMALL = "the to on at is and please for".split()
WORDS = sorted({*DIGITS, *DAYS, *NAMES, *COLOURS, *THINGS, *VERBS, *SMALL})

TEMPLATES = """please VERB the THING to NAME
please VERB the COLOUR THING on DAY
the THING is at the THING
the COLOUR THING is for NAME
NAME and NAME VERB the THING on DAY
the number is DIGIT DIGIT DIGIT DIGIT
NAME is at the THING on DAY
VERB the THING for NAME and NAME
the THING on DAY is for NAME
VERB NAME at DIGIT DIGIT DIGIT on DAY
the COLOUR THING and the COLOUR THING""".split("\n")
SLOTS = {
    "VERB": VERBS,
    "THING": THINGS,
    "COLOUR": COLOURS,
    "NAME": NAMES,
    "DAY": DAYS,
    "DIGIT": DIGITS,
}


def sentence(rng: random.Random) -> list[str]:
    """A sentence; one in five is any words in any order."""
    if rng.random() < 0.2:
        return rng.choices(WORDS, k=rng.randint(2, 6))
    return [rng.choice(SLOTS[w]) if w in SLOTS else w for w in rng.choice(TEMPLATES).split()]


def held_out(words: list[str]) -> bool:
    """Return True if training left this sentence out."""
    return int(hashlib.md5(" ".join(words).encode()).hexdigest(), 16) % 10 == 0


def pieces(word: str) -> list[str]:
    """The tokens of a word: three letters each, the first with the mark of a word's start."""
    marked = "\u2581" + word
    return [marked[:4], *(marked[i : i + 3] for i in range(4, len(marked), 3))]


VOCABULARY = [*sorted({p for w in WORDS for p in pieces(w)}), "<blk>"]
