#!/usr/bin/env bash
# For a timer: transcribes a whole tree and says in words how it went. What is done already is not
# done again, so a night that was cut short goes on where it was, and an empty night costs a second.
#
# Needs flock, which Linux has.
#
#   nightly.sh RECORDINGS TRANSCRIPTS
set -euo pipefail

recordings=$1
transcripts=$2
mkdir -p -- "$transcripts"
report=$transcripts/report.ndjson

exec 9< "$transcripts"
flock --nonblock 9 || { echo "the last night's run is still at work" >&2; exit 0; }

status=0
dalston transcribe --recursive -o "$transcripts" -f txt,json --json -- "$recordings" > "$report" 9<&- ||
    status=$?

case $status in
    0) echo "all transcribed: $transcripts" ;;
    6) echo "no recording could be transcribed, see $report" >&2 ;;
    7) echo "some recordings failed, see $report" >&2 ;;
    130) echo "interrupted; the next run goes on from here" >&2 ;;
    *) echo "dalston could not run (status $status), see $report" >&2 ;;
esac
exit "$status"
