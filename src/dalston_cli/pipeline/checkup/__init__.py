"""Whether this machine has what Dalston needs: one finding per thing, each with what to do."""
