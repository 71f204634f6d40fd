#!/usr/bin/env bash
# A Slurm array: each task is a shard of the recordings, and no task needs to know of the others.
#
#   sbatch slurm.sh RECORDINGS TRANSCRIPTS
#
# Another number of shards, here 64 with at most 16 at once:
#
#   SHARDS=64 sbatch --array=1-64%16 slurm.sh RECORDINGS TRANSCRIPTS
#
# Only the tasks that failed, with the number of shards that they had before:
#
#   sbatch --array=3,7 slurm.sh RECORDINGS TRANSCRIPTS
#
#SBATCH --job-name=dalston
#SBATCH --array=1-8
#SBATCH --cpus-per-task=4
#SBATCH --requeue
#SBATCH --output=dalston-%A-%a.log
set -euo pipefail

recordings=$1
transcripts=$2
shards=${SHARDS:-8}
task=$SLURM_ARRAY_TASK_ID

# Each task has a memory of its own, which a task that is started again goes on from: the journal is
# a database that one machine at a time may use.
export DALSTON_STATE_DIR=$transcripts/.dalston/$task-of-$shards
# Sockets belong to a machine. Slurm hands XDG_RUNTIME_DIR on, which may not exist on the node.
DALSTON_RUNTIME_DIR=$(mktemp --directory /tmp/dal-XXXXXX)
export DALSTON_RUNTIME_DIR
trap 'dalston engines stop --all --quiet; rm -rf -- "$DALSTON_RUNTIME_DIR"' EXIT

mkdir -p -- "$transcripts/reports"
dalston transcribe --recursive -o "$transcripts" -f txt,json --shard "$task/$shards" \
    --threads "${SLURM_CPUS_PER_TASK:-0}" --json -- "$recordings" \
    > "$transcripts/reports/$task-of-$shards.ndjson"
