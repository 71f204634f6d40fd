"""Makes tiny ``.nemo`` files under OUT, each in a folder of its own: tiny.py OUT.

``ctc``, ``rnnt``, ``tdt`` and ``hybrid`` recognise flite's voices, ``canary`` always writes one
sentence and aligns it, ``conformer``, ``sortformer-v1`` and ``sortformer-v2`` have random weights.
"""

import os
import sys
import tempfile
import warnings
from collections.abc import Callable
from pathlib import Path

os.environ["HF_HUB_OFFLINE"] = "1"
PLACE = tempfile.TemporaryDirectory()
tempfile.tempdir = os.environ["TORCHINDUCTOR_CACHE_DIR"] = PLACE.name  # gone at the end
warnings.simplefilter("ignore")

from nemo.utils import logging  # noqa: E402 - after what it has to find
from tests.tiny_canary import make_canary  # noqa: E402
from tests.tiny_conformer import make_conformer  # noqa: E402
from tests.tiny_flite import make_ctc, make_hybrid, make_transducer  # noqa: E402
from tests.tiny_sortformer import make_sortformer  # noqa: E402


def main(folder: Path) -> None:
    """Make all of them."""
    logging.setLevel(logging.ERROR)
    makers: dict[str, Callable[[Path], object]] = {
        "ctc": make_ctc,
        "rnnt": lambda file: make_transducer(file, kind="rnnt"),
        "tdt": lambda file: make_transducer(file, kind="tdt"),
        "hybrid": make_hybrid,
        "canary": make_canary,
        "conformer": make_conformer,
        "sortformer-v1": lambda file: make_sortformer(file, streaming=False),
        "sortformer-v2": lambda file: make_sortformer(file, streaming=True),
    }
    for name, make in makers.items():
        (folder / name).mkdir(parents=True, exist_ok=True)
        make(folder / name / f"{name}.nemo")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
