"""Settings for the libraries before they are imported: no network, telemetry or needless output."""

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
    # PyTorch and WhisperX make these folders, whose usual places may not be writable.
    "TORCH_HOME": tempfile.gettempdir(),
    "TORCHINDUCTOR_CACHE_DIR": tempfile.gettempdir(),
}


def configure_libraries() -> None:
    """Switch off network, telemetry and needless output of all libraries imported later."""
    os.environ.update(_VARIABLES)
    # With a handler of its own the library does not write its log to standard output.
    logger = logging.getLogger("whisperx")
    logger.addHandler(logging.NullHandler())
    logger.setLevel(logging.WARNING)
    # It logs how to upgrade checkpoints.
    logging.getLogger("lightning.pytorch").setLevel(logging.WARNING)
    # It warns at length that it cannot decode files, which it does not have to do here.
    warnings.filterwarnings("ignore", module=r"pyannote\.audio\.core\.io")
