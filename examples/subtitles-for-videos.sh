#!/usr/bin/env bash
# Subtitles beside every video in a tree, under the video's own name, as players look for them.
#
#   subtitles-for-videos.sh VIDEOS
set -euo pipefail

status=0

while IFS= read -r -d '' video; do
    # `< /dev/null`: whatever reads standard input here would swallow the list of videos.
    dalston transcribe -o "${video%/*}" -f srt -- "$video" < /dev/null || status=$?
done < <(find "$1" -type f \( -iname '*.mp4' -o -iname '*.mkv' -o -iname '*.mov' -o -iname '*.webm' \) -print0)

exit "$status"
