"""Values that some settings can have, as types for the file, the options and the pipeline."""

from typing import Literal

AlignPolicy = Literal["auto", "always", "never"]
"""``auto`` aligns only where the transcribing model's own word times are not good."""

AUTO = "auto"
LauncherName = Literal["auto", "docker", "local", "remote"]
"""How engines are started: the folders of ``launchers``, of which ``auto`` prefers earlier ones."""

RunnerName = Literal["local", "dask"]
"""What runs the jobs: this process, or Dask's workers."""

PullPolicy = Literal["missing", "never", "always"]
"""The occasion to download weights or images."""

WeightsFrom = Literal["hub", "index"]
"""The source to ask first where a model has both."""

FrameRate = Literal["23.976", "24", "25", "29.97", "30", "50", "59.94", "60"]
"""Frames a second of a video, as people write it."""

LayoutName = Literal["plain", "nvivo", "maxqda", "atlas", "f4"]
"""Programs for research whose transcripts are laid out in a way of their own."""

VerbatimName = Literal["off", "gat2", "jefferson"]
"""Conventions for transcripts of talk."""

OverlayName = Literal["sentence", "word"]
"""What of a text is shown while it is read."""

GuidelineName = Literal["dalston", "netflix", "bbc", "ebu"]
"""Whose rules subtitles are checked by."""

NormaliserName = Literal["whisper", "plain", "none"]
"""How words are made alike before they are compared."""

Order = Literal["longest", "shortest", "given"]
"""The recordings that are begun first."""

ScheduleName = Literal["auto", "pipelined", "staged"]
"""All stages side by side, or one after the other over all recordings."""

RefineLevel = Literal["light", "standard", "verbatim+punctuation"]
"""The amount of text that a language model may change."""

Task = Literal["transcribe", "translate"]
"""``translate`` means into English."""
