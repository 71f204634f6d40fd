"""GPUs for containers: how they are asked for, and why there are none."""
