"""What programs may ask of a server, by the names of settings."""

from dalston_cli.settings.table import TABLE

_PANELS = frozenset(
    {"Input", "Model", "Decoding", "Voice activity", "Speakers", "Stages", "Subtitles"}
)
_ALSO = frozenset({"timestamps", "layout", "verbatim", "pauses", "overlay", "strict"})
_FILES = frozenset({"hotwords_file", "speakers_from"})
CALLER_SETTINGS = frozenset(
    name
    for name, setting in TABLE.items()
    if (setting.panel in _PANELS or name in _ALSO) and name not in _FILES
)
"""Settings that a caller may choose: of the work, never of the machine, of files or of money."""

PAID_SETTINGS = frozenset(
    name for name, setting in TABLE.items() if setting.panel == TABLE["refine"].panel
)
"""Settings of language models, which only the server turns on."""
