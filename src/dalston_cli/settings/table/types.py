"""Types of settings, with what their values have to be."""

from typing import Annotated

from dalston_cli.settings.declare import Accepts

Text = Annotated[str, Accepts("TEXT", min_length=1)]
File = Annotated[str, Accepts("FILE", min_length=1)]
ModelName = Annotated[str, Accepts("MODEL", completion="models", min_length=1)]

Count = Annotated[int, Accepts("N", ge=1)]
Number = Annotated[int, Accepts("N", ge=0)]
Milliseconds = Annotated[int, Accepts("MS", ge=0)]
Seconds = Annotated[float, Accepts("SECONDS", gt=0, finite=True)]
Positive = Annotated[float, Accepts("X", gt=0)]
Probability = Annotated[float, Accepts("0-1", ge=0, le=1)]

Texts = Annotated[tuple[Text, ...], Accepts("LIST", split=True)]
"""A comma list."""
