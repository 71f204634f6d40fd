"""The folders Dalston uses on this machine; each can be moved by an environment variable.

Nothing is created here: the code that writes into a folder creates it.
"""

import hashlib
import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class Locations:
    """Absolute folders.

    Attributes:
        config: ``config.toml`` lives here (``DALSTON_CONFIG_DIR``).
        cache: Files that can be built again, such as engine environments (``DALSTON_CACHE_DIR``).
        state: Stage results, the journal of runs, engine logs (``DALSTON_STATE_DIR``).
        catalog: Entries of models that the user added (``DALSTON_CATALOG_DIR``).
        models: Weights that were pulled (``DALSTON_MODELS_DIR``).
        runtime: Sockets and pids of engines that run; short, only for the user
            (``DALSTON_RUNTIME_DIR``).
    """

    config: Path
    cache: Path
    state: Path
    catalog: Path
    models: Path
    runtime: Path

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] = os.environ) -> "Locations":
        """Take each folder from the environment, else by the convention of the system."""
        import platformdirs  # noqa: PLC0415 - keeps `dalston --help` fast

        def place(name: str, default: str | Path) -> Path:
            return Path(environ.get(f"DALSTON_{name}_DIR") or default).expanduser().absolute()

        data = platformdirs.user_data_path("dalston", appauthor=False)
        state = place("STATE", platformdirs.user_state_dir("dalston", appauthor=False))
        return cls(
            config=place("CONFIG", platformdirs.user_config_dir("dalston", appauthor=False)),
            cache=place("CACHE", platformdirs.user_cache_dir("dalston", appauthor=False)),
            state=state,
            catalog=place("CATALOG", data / "catalog"),
            models=place("MODELS", data / "models"),
            runtime=place("RUNTIME", _runtime_dir(environ, state)),
        )


def _runtime_dir(environ: Mapping[str, str], state: Path) -> Path:
    """Return a short private folder: a Unix socket's path may have 107 bytes, on macOS 103.

    A user with several state folders has one for each, so that ``engines stop --all`` ends the
    engines of one only.
    """
    own = "" if _is_usual(state) else f"-{hashlib.sha256(os.fsencode(state)).hexdigest()[:8]}"
    if runtime := environ.get("XDG_RUNTIME_DIR"):
        return Path(runtime) / f"dalston{own}"
    return Path(tempfile.gettempdir()) / f"dalston-{os.getuid()}{own}"


def _is_usual(state: Path) -> bool:
    """Return True for the state folder in the home that the system knows of this user."""
    import pwd  # noqa: PLC0415 - there is none on Windows

    try:
        home = Path(pwd.getpwuid(os.getuid()).pw_dir)
    except KeyError:  # a user without a name, as in a container
        return True
    usual = (home / ".local" / "state", home / "Library" / "Application Support")
    return state in {folder / "dalston" for folder in usual}
