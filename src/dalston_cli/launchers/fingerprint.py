"""Fingerprints: a running engine is reused only if its fingerprint is equal.

Computed anew each time from the files themselves, so that an edited engine is never mistaken
for the one that runs; a few milliseconds.
"""

import hashlib
import json
import os
from collections.abc import Mapping

from dalston_cli.catalog.installed_packages import installed_version
from dalston_cli.catalog.schema import EngineEntry
from dalston_sdk.identity import digest_engine, digest_results, locked_versions


def engine_digest(engine: EngineEntry) -> str:
    """Return the digest of an engine that runs under this interpreter.

    An embedded engine runs with what the CLI has installed, whatever its lock says: where the
    versions differ, so does the digest.
    """
    return digest_engine(engine.folder, deviations=_deviations(engine))


def results_digest(engine: EngineEntry) -> str:
    """Compute the digest of what an engine's results depend on; an equal one gives equal results.

    See ``dalston_sdk.identity`` for how that is known.
    """
    return digest_results(engine.folder, deviations=_deviations(engine))


def fingerprint_of(digest: str, *marks: object) -> str:
    """Return what must be equal for a running engine to be reused, as hex SHA-256.

    Left out is what changes no result: the place of weights, the GPU, the keep-alive and the
    number of replicas.
    """
    return hashlib.sha256(json.dumps([digest, *marks], sort_keys=True).encode()).hexdigest()


def secret_marks(engine: EngineEntry, environ: Mapping[str, str] = os.environ) -> list[str]:
    """Return marks of the secrets that an engine would get: another key makes another engine.

    A mark is a digest, so it does not reveal the secret.
    """
    named = ((name, environ[name]) for name in sorted(engine.secrets) if name in environ)
    return [hashlib.sha256(f"{name}={value}".encode()).hexdigest() for name, value in named]


def _deviations(engine: EngineEntry) -> Mapping[str, str]:
    """Find installed versions that the lock of an embedded engine does not have.

    What this Python does not need is not installed.
    """
    if not engine.embedded:
        return {}
    found: dict[str, str] = {}
    for name, allowed in locked_versions(engine.folder).items():
        installed = installed_version(name)
        if installed is not None and installed not in allowed:
            found[name] = installed
    return found
