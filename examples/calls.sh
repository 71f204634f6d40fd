#!/usr/bin/env bash
# Telephone calls with one speaker per channel: who spoke is known without guessing.
#
#   calls.sh CALLS TRANSCRIPTS
set -euo pipefail

dalston transcribe --recursive --channels split -o "$2" -f txt,json -- "$1"
