"""Web pages that play recordings: yt-dlp finds and fetches these, in a process of its own."""
