"""``python -m dalston_cli``."""

from dalston_cli.app import run

run()
