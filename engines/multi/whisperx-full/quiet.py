"""What the libraries must be told before they are imported: no network, no reports, no chatter."""

import logging
import os
import tempfile
import warnings

_VARIABLES = {
    "HF_HUB_OFFLINE": "1",
    "TRANSFORMERS_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "PYANNOTE_METRICS_ENABLED": "0",
    "ORT_DISABLE_TELEMETRY": "1",
    "TOKENIZERS_PARALLELISM": "false",
    # PyTorch and WhisperX make these folders, which need not be possible where they would lie.
    "TORCH_HOME": tempfile.gettempdir(),
    "TORCHINDUCTOR_CACHE_DIR": tempfile.gettempdir(),
}


def keep_quiet() -> None:
    """Take the network, telemetry and needless output away from everything imported later."""
    os.environ.update(_VARIABLES)
    # With a handler of its own the library does not write its log to standard output.
    logger = logging.getLogger("whisperx")
    logger.addHandler(logging.NullHandler())
    logger.setLevel(logging.WARNING)
    # It tells how to rewrite checkpoints that are not ours to rewrite.
    logging.getLogger("lightning.pytorch").setLevel(logging.WARNING)
    # It says at length that it cannot decode files, which is not its work here.
    warnings.filterwarnings("ignore", module=r"pyannote\.audio\.core\.io")
