"""The command that starts every engine: ``python -m dalston_sdk ENGINE_DIR --runtime-dir DIR …``.

Exit codes: 0 after a clean end, 2 for wrong arguments, 3 if the engine cannot be started; the
reason is the last line on standard error.
"""

import argparse
import json
import logging
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from types import FrameType
from typing import NoReturn

TOKEN_VARIABLE = "DALSTON_ENGINE_TOKEN"  # noqa: S105 - the variable's name, not a token

EXIT_CANNOT_START = 3


class _StoppedError(BaseException):
    """Raised on a signal; not an Exception, so that no library catches it by ``Exception``."""


log = logging.getLogger("dalston.engine")


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve an engine until its end and return the exit code."""
    parser = _parser()
    options = parser.parse_args(arguments)
    # Removed from the environment, so that no program that the engine starts inherits it.
    options.token = os.environ.pop(TOKEN_VARIABLE, None) or None
    if options.secrets_on_stdin:
        os.environ.update(json.load(sys.stdin))
    if options.tcp is not None and options.token is None:
        parser.error(f"--tcp needs a token in {TOKEN_VARIABLE}")
    if not options.engine_dir.is_dir():
        parser.error(f"{options.engine_dir} is not a folder")
    logging.basicConfig(
        level=logging.INFO,
        stream=sys.stderr,
        format="%(asctime)s %(levelname)s %(message)s",
    )
    # uvicorn tells what we tell already, in its own words.
    logging.getLogger("uvicorn").setLevel(logging.WARNING)
    return _serve(options)


def _serve(options: argparse.Namespace) -> int:
    # The server's libraries and the engine's may take seconds to import; wrong arguments are
    # refused before that.
    from dalston_sdk.identity import digest_engine, digest_results  # noqa: PLC0415 - see above
    from dalston_sdk.server.engine_folder import (  # noqa: PLC0415 - see above
        EngineFolderError,
        load_engine_class,
    )
    from dalston_sdk.server.folder import RuntimeFolder  # noqa: PLC0415 - see above
    from dalston_sdk.server.listen import CannotListenError  # noqa: PLC0415 - see above
    from dalston_sdk.server.memory import keep_freed_memory  # noqa: PLC0415 - see above
    from dalston_sdk.server.serve import serve  # noqa: PLC0415 - see above
    from dalston_sdk.server.service import ServerSettings  # noqa: PLC0415 - see above

    folder = RuntimeFolder(options.runtime_dir)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, _exit)
    try:
        log.info("starting the engine in %s", options.engine_dir)
        engine_class = load_engine_class(options.engine_dir.absolute())
        if engine_class.keeps_freed_memory:
            keep_freed_memory()
        engine = engine_class(device=options.device)
        settings = ServerSettings(
            runtime_dir=options.runtime_dir,
            fingerprint=options.fingerprint or digest_engine(options.engine_dir.absolute()),
            results=None if options.fingerprint else digest_results(options.engine_dir.absolute()),
            keep_alive_s=options.keep_alive,
            tcp=options.tcp,
            token=options.token,
            models_dir=options.models_dir,
            spool_dir=options.spool_dir,
            state_dir=options.state_dir,
            heartbeat_s=options.heartbeat,
        )
        serve(engine, settings, folder)
    except _StoppedError:
        folder.remove()
    except (EngineFolderError, CannotListenError) as error:
        log.info("cause of the failed start", exc_info=error.__cause__)
        return _cannot_start(str(error))
    except (Exception, SystemExit) as error:
        log.exception("unexpected error")
        return _cannot_start(f"{type(error).__name__}: {error}")
    return 0


def _cannot_start(reason: str) -> int:
    log.error("cannot start the engine: %s", reason)
    return EXIT_CANNOT_START


def _exit(_number: int, _frame: FrameType | None) -> NoReturn:
    """End cleanly while the engine is being imported; later the server handles signals."""
    raise _StoppedError


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m dalston_sdk", description="Serve an engine.")
    parser.add_argument("engine_dir", type=Path, help="folder with engine.py")
    parser.add_argument("--runtime-dir", type=Path, required=True, help="folder of this instance")
    parser.add_argument("--device", default="cpu", help="cpu, cuda or cuda:N (default: cpu)")
    parser.add_argument(
        "--keep-alive",
        type=float,
        default=300.0,
        metavar="SECONDS",
        help="idle time until the engine stops; -1 never, 0 after the first request (default: 300)",
    )
    parser.add_argument(
        "--fingerprint", help="reported by /health (default: the digest of this engine)"
    )
    parser.add_argument(
        "--tcp",
        type=_host_and_port,
        metavar="HOST:PORT",
        help=f"listen there instead of on a Unix socket; clients need {TOKEN_VARIABLE}",
    )
    parser.add_argument(
        "--secrets-on-stdin",
        action="store_true",
        help="read further variables from standard input, as a JSON object",
    )
    parser.add_argument("--models-dir", type=Path, help="folder of all weights")
    parser.add_argument(
        "--spool-dir",
        type=Path,
        help="folder of this engine alone for audio that arrives as bytes "
        "(default: the runtime folder)",
    )
    parser.add_argument(
        "--state-dir",
        type=Path,
        help="folder for what outlives this process, such as batch sizes that fitted into memory",
    )
    parser.add_argument(
        "--heartbeat",
        type=float,
        default=5.0,
        metavar="SECONDS",
        help="time without a message in a stream before a heartbeat (default: 5)",
    )
    return parser


def _host_and_port(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    if not host or not port.isdigit():
        raise argparse.ArgumentTypeError(f"{text!r} is not HOST:PORT")
    return host.strip("[]"), int(port)


if __name__ == "__main__":
    sys.exit(main())
