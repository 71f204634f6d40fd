"""Output for people and programs. stdout carries data only; rich is loaded where it draws."""

from dalston_cli.console.envelope import encode_json, error_data
from dalston_cli.console.screen import Console, Mode
from dalston_cli.console.text import encodable, printable

__all__ = ["Console", "Mode", "encodable", "encode_json", "error_data", "printable"]
