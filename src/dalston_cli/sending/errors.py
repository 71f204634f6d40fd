"""What may go wrong between the command line and a server."""

from pathlib import Path

from dalston_cli.errors import ConfigurationError, InputError, UnavailableError, UsageError

TOKEN_VARIABLE = "DALSTON_SERVER_TOKEN"  # noqa: S105 - the name of a variable


class ServerAddressError(UsageError):
    """The address of a server cannot be used."""

    code = "server_address"

    def __init__(self, url: str, problem: str) -> None:
        super().__init__(
            f"--server {url} {problem}", hint="write --server https://HOST or http://127.0.0.1:8300"
        )


class ServerOptionError(UsageError):
    """An option was given that a server does not take."""

    code = "server_option"

    def __init__(self, option: str, reason: str) -> None:
        super().__init__(
            f"{option} cannot be used with --server: {reason}", hint=f"leave {option} out"
        )


class ServerTokenError(ConfigurationError):
    """The token for a server cannot be read, or must not be sent."""

    code = "server_token"


class ServerTokenFileError(ServerTokenError):
    """The file of the token cannot be read."""

    def __init__(self, file: Path, problem: str) -> None:
        super().__init__(
            f"cannot read --server-token-file {file}: {problem}",
            hint=f"give the token's file, or the token in the variable {TOKEN_VARIABLE}",
        )


class ServerInClearError(ServerTokenError):
    """A token would cross the internet without encryption."""

    def __init__(self, url: str) -> None:
        super().__init__(
            f"{url} is on the internet, and the token would be sent without encryption",
            hint="use https://; docs/server.md says how to put TLS before a server",
        )


class ServerDeniedError(ConfigurationError):
    """A server does not take the token."""

    code = "server_denied"

    def __init__(self, url: str, message: str) -> None:
        super().__init__(
            f"{url} refuses: {message}",
            hint=f"there: dalston tokens add NAME; here: export {TOKEN_VARIABLE}=TOKEN",
        )


class ServerUnreachableError(UnavailableError):
    """A server does not answer."""

    code = "server_unreachable"

    def __init__(self, url: str, reason: str) -> None:
        super().__init__(
            f"{url} does not answer: {reason}",
            hint="does dalston serve run there? Run the same command again: it goes on",
        )


class NoServerError(UnavailableError):
    """Something answers that is no server of Dalston's."""

    code = "no_server"

    def __init__(self, url: str) -> None:
        super().__init__(
            f"what answers at {url} is no dalston serve", hint="check the address of --server"
        )


class AskingRefusedError(UsageError):
    """A server does not do what is asked for, whatever the recording."""

    code = "server_refused"

    def __init__(self, message: str) -> None:
        super().__init__(f"the server refuses: {message}", hint="see docs/server.md")


class RecordingRefusedError(InputError):
    """A server does not take one recording, or could not work on it."""

    code = "server_refused_recording"

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(f"the server refuses: {message}", hint=hint)


class RemoteJobError(InputError):
    """A job failed on the server."""

    code = "server_job_failed"

    def __init__(self, code: str, message: str, hint: str | None) -> None:
        super().__init__(message, hint=hint)
        self.remote_code = code
