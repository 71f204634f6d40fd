"""Small words that say where a line may well end, in languages that are often subtitled.

Words that mean something else in another language of the list are left out: a list that is a
little short costs a little beauty, one that is wrong breaks lines in bad places.
"""

_LEADING = (
    # English
    "and but or nor because although though while when whenever where which who whose that if "
    "unless until since than with without after before "
    # German
    "und aber oder weil dass denn sondern obwohl wenn bevor nachdem damit "
    # French
    "mais ou donc parce que lorsque quand comme puisque pendant depuis "
    # Spanish, Portuguese, Italian
    "y pero porque cuando aunque sino mas quando embora perché mentre anche "
    # Dutch
    "maar omdat terwijl hoewel"
)

LEADING_WORDS = frozenset(_LEADING.split())
"""A line is better broken before these than elsewhere: conjunctions, relative pronouns."""

_TRAILING = (
    # English
    "a an the of to in on at for from by my your his her its our their this these those "
    "mr mrs ms dr mr. mrs. ms. dr. is are was were "
    # German
    "der die das dem den des ein eine einen einem einer im am zum zur von "
    # French
    "le la les un une du des au aux "
    # Spanish, Portuguese, Italian
    "el los las una del al o os as um uma do da dos das il lo gli della "
    # Dutch
    "het een van"
)

TRAILING_WORDS = frozenset(_TRAILING.split())
"""A line is worse broken after these than elsewhere: they belong to the word that follows."""
