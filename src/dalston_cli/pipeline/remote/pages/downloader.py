"""yt-dlp as it is used here: nothing of the user's is read, nothing but the recording is written.

No configuration, plugins, cookies, netrc or cache, no ffmpeg and no other program for transfers, no
work on what was fetched. Every request and every connection is looked at.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from email.utils import parsedate_to_datetime
from typing import Any

from dalston_cli.pipeline.remote.pages.exchange import FETCHED
from dalston_cli.pipeline.remote.pages.network import NetworkGuard

MOST_PAGE_BYTES = 50_000_000
"""Of one answer while a page is read."""

MOST_ENTRIES = 5_000
"""Of one list."""

LISTS = frozenset({"playlist", "multi_video"})
"""What yt-dlp calls a list."""

_SILENCE_S = 30
_RETRIES = 3
_SECOND_LOOK_S = 60
"""RFC 9110, 8.8.2.2: a file may change twice in the second that its date names."""

_PROTOCOLS = "[protocol~='^(https?|m3u8|m3u8_native|http_dash_segments(_generator)?)$']"
_FORMAT = "/".join(
    f"{wanted}{_PROTOCOLS}" for wanted in ("bestaudio", "best[height<=?480]", "worst")
)
"""Sound alone, else with the smallest picture that has good sound, else the smallest at all."""


class PageTooLargeError(Exception):
    """A page or a list of a site is larger than any that is one."""


class _Silent:
    """A logger: what goes wrong is raised as well.

    Attributes:
        too_large: A transfer was not begun because of its size, which yt-dlp does not raise.
    """

    def __init__(self) -> None:
        self.too_large = False

    def debug(self, message: str) -> None:
        """Take what yt-dlp would print."""
        self.too_large = self.too_large or "max-filesize" in message

    def warning(self, message: str, **_: object) -> None:
        """Drop a warning."""

    def error(self, message: str) -> None:
        """Drop an error."""


class Downloader:
    """A ``YoutubeDL`` with an eye on what it asks for, which leaves the entries of lists unread.

    Attributes:
        guard: Looks at addresses.
        file_dates: When pages and files were changed, as their servers say, in seconds since 1970:
            yt-dlp takes that for the date of what they play.
    """

    def __init__(self, guard: NetworkGuard, *, is_reading: bool, **options: object) -> None:
        """Load yt-dlp.

        Args:
            guard: Looks at addresses.
            is_reading: Bound each answer to what a page may have.
            options: Of yt-dlp, beside those for all.
        """
        from yt_dlp import YoutubeDL  # noqa: PLC0415 - takes a second

        self.file_dates: set[float] = set()
        self._log = _Silent()
        self.guard = guard
        self._is_reading = is_reading
        self.ydl: Any = YoutubeDL({**_OPTIONS, "logger": self._log, **options})
        self._answers: list[Any] = []
        self._open: Callable[[Any], Any] = self.ydl.urlopen
        self.ydl.urlopen = self._urlopen
        self._process: Callable[..., Any] = self.ydl.process_ie_result
        self.ydl.process_ie_result = self._process_unless_list

    @property
    def was_too_large(self) -> bool:
        """True if a transfer was not begun because of its size."""
        return self._log.too_large

    def close(self) -> None:
        """Close connections, those too that yt-dlp leaves open."""
        for each in self._answers:
            each.close()
        self.ydl.close()

    def entries_of(self, info: Mapping[str, Any]) -> Iterator[tuple[int, dict[str, Any]]]:
        """Yield the entries of a list with their places, from 1, each read when it is asked for."""
        from yt_dlp.utils import PlaylistEntries  # noqa: PLC0415 - as in __init__

        for place, entry in PlaylistEntries(self.ydl, info).get_requested_items():
            if entry:
                yield place, entry

    def mark_of(self, info: Mapping[str, Any]) -> tuple[str, int | None]:
        """Return what changes when a recording's bytes do, empty for nothing, and its size.

        A site that yt-dlp knows has an identity for each recording, and what it says of the format
        changes with the bytes. Of a file that some page plays its server is asked.
        """
        size = info.get("filesize")
        size = size if isinstance(size, int) else None
        is_file = info.get("protocol") in {"http", "https"}
        if not self._is_of_site(info):
            return self._ask_for(info) if is_file else ("", None)
        if size is None and is_file:
            _, size = self._ask_for(info)
        names = ("extractor_key", "id", "format_id", "duration", "modified_timestamp")
        said = [str(info.get(name)) for name in names]
        return " ".join([*said, str(size)]), size

    def _is_of_site(self, info: Mapping[str, Any]) -> bool:
        key = str(info.get("extractor_key") or "Generic")
        # Those that are found in any page have no addresses of their own.
        return key != "Generic" and bool(
            getattr(self.ydl.get_info_extractor(key), "_VALID_URL", None)
        )

    def _ask_for(self, info: Mapping[str, Any]) -> tuple[str, int | None]:
        from yt_dlp.networking import HEADRequest  # noqa: PLC0415 - as above
        from yt_dlp.utils import YoutubeDLError  # noqa: PLC0415 - likewise

        headers = {**(info.get("http_headers") or {}), "Accept-Encoding": "identity"}
        try:
            answer = self.ydl.urlopen(HEADRequest(info["url"], headers=headers))
            answer.close()
        except (YoutubeDLError, OSError):
            return "", None  # fetching says what is wrong
        said = answer.headers
        length = str(said.get("Content-Length") or "")
        size = int(length) if length.isdecimal() else None
        tag, changed = str(said.get("ETag") or ""), _seconds(said.get("Last-Modified"))
        if size is not None and tag and not tag.startswith("W/"):
            return f"tag {tag} {size}", size
        if size is not None and changed is not None and time.time() - changed > _SECOND_LOOK_S:
            return f"date {changed} {size}", size
        return "", size

    def _process_unless_list(
        self,
        info: dict[str, Any],
        download: bool = True,  # noqa: FBT001, FBT002 - as yt-dlp has it
        extra_info: Any = None,  # noqa: ANN401 - likewise
    ) -> Any:  # noqa: ANN401 - likewise
        """Have yt-dlp go on with what it found, but for a list, of which it would read all."""
        if info.get("_type") in LISTS:
            return info
        return self._process(info, download=download, extra_info=extra_info)

    def _keep(self, answer: Any) -> None:  # noqa: ANN401 - yt-dlp's has no types
        """Remember to close an answer."""
        kept = [each for each in self._answers if not each.closed]
        self._answers = kept if answer is None else [*kept, answer]

    def _urlopen(self, request: Any) -> Any:  # noqa: ANN401 - yt-dlp's has no types
        url = request if isinstance(request, str) else str(request.url)
        self.guard.check_url(url)
        try:
            answer = self._open(request)
        except Exception as error:
            self._keep(vars(error).get("response"))  # of a status that is a failure
            raise
        self._keep(answer)
        if str(answer.url) != url:  # followed by a library that is not looked into
            self.guard.check_redirect(url, str(answer.url))
        if self._is_reading:
            changed = _seconds(answer.headers.get("Last-Modified"))
            self.file_dates |= set() if changed is None else {changed}
            answer.read = _bounded(answer.read)
        return answer


def _bounded(read: Callable[..., bytes]) -> Callable[..., bytes]:
    """Return a ``read`` that raises where too much has come."""
    got = 0

    def bounded(amount: int | None = None) -> bytes:
        nonlocal got
        data = read(MOST_PAGE_BYTES + 1 - got if amount is None else amount)
        got += len(data)
        if got > MOST_PAGE_BYTES:
            raise PageTooLargeError
        return data

    return bounded


def _seconds(date: str | None) -> float | None:
    try:
        return None if date is None else parsedate_to_datetime(date).timestamp()
    except ValueError:
        return None


_OPTIONS: Mapping[str, object] = {
    "allow_unplayable_formats": False,
    "cachedir": False,
    # The certificates that the rest of Dalston goes by, and a connection for each request.
    "compat_opts": {"no-certifi", "prefer-legacy-http-handler"},
    "concurrent_fragment_downloads": 1,
    "continuedl": False,
    "enable_file_urls": False,
    "extractor_args": {"youtubetab": {"approximate_date": [""]}},
    "extractor_retries": _RETRIES,
    "ffmpeg_location": "/nonexistent",  # it would open addresses by itself
    "fixup": "never",
    "format": _FORMAT,
    "fragment_retries": _RETRIES,
    "hls_prefer_native": True,
    "ignoreerrors": False,
    "noprogress": True,
    "outtmpl": {"default": FETCHED},
    "playlistend": MOST_ENTRIES + 1,
    "postprocessors": [],
    "quiet": True,
    "retries": _RETRIES,
    "skip_unavailable_fragments": False,
    "socket_timeout": _SILENCE_S,
    "updatetime": False,
}
