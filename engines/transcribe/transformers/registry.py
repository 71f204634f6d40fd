"""The adapter of each family; mypy reports a family that has none."""

from adapter import Adapter, Loaded
from canary import Canary
from cohere import Cohere
from ctc import Ctc
from families import ARCHITECTURES, Family
from moonshine import Moonshine
from transducer import Transducer
from whisper import Whisper


def adapter_of(loaded: Loaded) -> Adapter:
    """Return what asks a loaded model."""
    return _class_of(ARCHITECTURES[loaded.architecture])(loaded)


def _class_of(family: Family) -> type[Adapter]:
    match family:
        case Family.WHISPER:
            return Whisper
        case Family.MOONSHINE:
            return Moonshine
        case Family.CANARY:
            return Canary
        case Family.COHERE:
            return Cohere
        case Family.CTC:
            return Ctc
        case Family.TRANSDUCER:
            return Transducer
