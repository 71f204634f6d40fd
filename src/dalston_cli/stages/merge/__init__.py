"""Merge: the results of all stages become one transcript. Pure: no file, no engine, no clock.

``model`` is what goes in; ``assemble`` is the way through; ``channel``, ``times``, ``speakers``,
``labels`` and ``provenance`` do its parts; ``notices``, ``plausibility`` and ``repetition`` say
what looks wrong.
"""

from dalston_cli.stages.merge.assemble import merge
from dalston_cli.stages.merge.labels import name_speakers
from dalston_cli.stages.merge.model import ChannelResults, MergeInput

__all__ = ["ChannelResults", "MergeInput", "merge", "name_speakers"]
