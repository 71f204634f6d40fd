"""Full-width look-alikes, for formats that cannot escape what players take for markup."""

_OVERRIDES = {"{": "\uff5b", "}": "\uff5d", "\\": "\uff3c"}
_TAGS = {"<": "\uff1c", ">": "\uff1e"}

OVERRIDES = str.maketrans(_OVERRIDES)
r"""For ASS: ``{\b1}`` changes the look, ``\N`` breaks the line."""

OVERRIDES_AND_TAGS = str.maketrans(_OVERRIDES | _TAGS)
"""For SubRip, whose players know the tags of HTML beside what ASS has."""
