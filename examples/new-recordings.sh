#!/usr/bin/env bash
# Transcribes what was recorded in the last so many days, in as few commands as possible.
# Names may hold anything, line breaks too: find and xargs separate them by a zero byte.
#
#   new-recordings.sh RECORDINGS TRANSCRIPTS [DAYS]
set -euo pipefail

find "$1" -type f -mtime "-${3:-1}" -print0 |
    xargs -0 --no-run-if-empty dalston transcribe -o "$2" -f txt --
