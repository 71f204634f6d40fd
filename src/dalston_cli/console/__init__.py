"""Output for people and programs. stdout carries data only; rich is loaded where it draws."""

from dalston_cli.console.envelope import RESULT_VERSION, Envelope, encode_json, error_data
from dalston_cli.console.screen import Console, Meter, Mode
from dalston_cli.console.text import encodable, printable

__all__ = [
    "RESULT_VERSION",
    "Console",
    "Envelope",
    "Meter",
    "Mode",
    "encodable",
    "encode_json",
    "error_data",
    "printable",
]
