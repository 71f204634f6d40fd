"""The sentences that the tiny translation models of the tests know, in three languages."""

import random
import re
from collections.abc import Iterator

LANGUAGES = ("en", "de", "fr")
_WRITTEN = 0.75
"""How many texts are as people write them; the others are without punctuation and capitals."""

_NAMES = ("Dalston", "Kingsland", "Hackney", "Ada", "Grace", "Oslo", "Emma", "Paul")
_THINGS = (
    ("book", "Buch", "livre", "books", "Bücher", "livres"),
    ("horse", "Pferd", "cheval", "horses", "Pferde", "chevaux"),
    ("house", "Haus", "logis", "houses", "Häuser", "logis"),
    ("bed", "Bett", "lit", "beds", "Betten", "lits"),
    ("picture", "Bild", "tableau", "pictures", "Bilder", "tableaux"),
    ("knife", "Messer", "couteau", "knives", "Messer", "couteaux"),
)
_QUALITIES = (
    ("old", "alt", "vieux"),
    ("small", "klein", "petit"),
    ("new", "neu", "neuf"),
    ("beautiful", "schön", "beau"),
    ("green", "grün", "vert"),
    ("heavy", "schwer", "lourd"),
)
_FIXED = (
    ("Good morning.", "Guten Morgen.", "Bonjour."),
    ("Let us begin.", "Fangen wir an.", "Commençons."),
    ("Thank you very much.", "Vielen Dank.", "Merci beaucoup."),
    ("It is raining today.", "Es regnet heute.", "Il pleut aujourd'hui."),
    ("What do you think?", "Was meinen Sie?", "Qu'en pensez-vous ?"),
    ("See you tomorrow!", "Bis morgen!", "À demain !"),
)


def heard(text: str) -> str:
    """Return a text as a recogniser without punctuation writes it."""
    return re.sub(r"[.,!?]", "", text).strip().lower()


def sentence(chance: random.Random) -> tuple[str, ...]:
    """Return one sentence in each of the languages."""
    name, other = chance.sample(_NAMES, 2)
    time = f"{chance.randrange(10, 24)}:{chance.randrange(10, 60)}"
    count = chance.randrange(2, 100)
    thing, quality = chance.choice(_THINGS), chance.choice(_QUALITIES)
    made = (
        *[chance.choice(_FIXED)] * 2,
        (
            f"The train leaves at {time} from {name}.",
            f"Der Zug fährt um {time} in {name} ab.",
            f"Le train part de {name} à {time}.",
        ),
        (
            f"{name} has {count} {thing[3]}.",
            f"{name} hat {count} {thing[4]}.",
            f"{name} a {count} {thing[5]}.",
        ),
        (
            f"The {thing[0]} is {quality[0]}.",
            f"Das {thing[1]} ist {quality[1]}.",
            f"Le {thing[2]} est {quality[2]}.",
        ),
        (f"Where is {name}?", f"Wo ist {name}?", f"Où est {name} ?"),
        (
            f"{name} and {other} see the {thing[0]}.",
            f"{name} und {other} sehen das {thing[1]}.",
            f"{name} et {other} voient le {thing[2]}.",
        ),
    )
    return chance.choice(made)


def pairs(chance: random.Random) -> Iterator[tuple[str, str, str, str]]:
    """Yield languages and texts without end: from, into, and the sentence in both."""
    while True:
        spoken = sentence(chance)
        first, second = chance.sample(range(len(LANGUAGES)), 2)
        said = spoken[first] if chance.random() < _WRITTEN else heard(spoken[first])
        yield LANGUAGES[first], LANGUAGES[second], said, spoken[second]
