#!/usr/bin/env bash
# One command per recording: slower to write than `dalston transcribe FOLDER`, but each step is yours.
# The engine stays warm from one command to the next, so its model is loaded once.
#
#   transcribe-folder.sh RECORDINGS TRANSCRIPTS
set -euo pipefail

recordings=$1
transcripts=$2
status=0

for recording in "$recordings"/*; do
    [ -f "$recording" ] || continue
    dalston transcribe -o "$transcripts" -f txt,srt -- "$recording" || status=$?
done

exit "$status" # of the last recording that failed; 0 if none did
