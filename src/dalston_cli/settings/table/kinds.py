"""Kinds of values that several settings have."""

from dalston_cli.settings.declare import Kind
from dalston_cli.settings.language import language_or_auto, language_tags
from dalston_cli.settings.values import text_like

switch = Kind()
choice = Kind()

any_text = Kind("TEXT")
text = Kind("TEXT", min_length=1)
texts = Kind("LIST", split=True, min_length=1)
file = Kind("FILE", min_length=1)
language = Kind("LANG", min_length=1, check=language_or_auto)
languages = Kind("LIST", split=True, min_length=1, check=language_tags)
model_id = Kind("MODEL", completion="models", min_length=1)

count = Kind("N", ge=1)
number = Kind("N", ge=0)
factor = Kind("X", gt=0)
probability = Kind("0-1", ge=0, le=1)
milliseconds = Kind("MS", ge=0)
seconds = Kind("SECONDS", gt=0)

remote_url = Kind(check=text_like(r"https?://[^\s/]+\S*", "http://HOST:PORT or https://HOST"))
