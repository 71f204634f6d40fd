"""Which failures of a library may pass, and which are the answer of a host."""

import pytest
from paramiko.ssh_exception import AuthenticationException, BadAuthenticationType, SSHException

from dalston_cli.pipeline.remote.address import Address
from dalston_cli.pipeline.remote.errors import RemoteDeniedError, RemoteError
from dalston_cli.pipeline.remote.explaining import explained

FOLDER = Address("sftp://ada@host/folder")


def error_of(raised: Exception) -> RemoteError:
    with pytest.raises(RemoteError) as caught, explained(FOLDER):
        raise raised
    return caught.value


@pytest.mark.parametrize(
    "raised",
    [
        pytest.param(AuthenticationException("Authentication timeout."), id="no-answer"),
        pytest.param(
            AuthenticationException("Authentication failed: transport shut down or saw EOF"),
            id="the-host-hung-up",
        ),
        pytest.param(SSHException("Error reading SSH protocol banner"), id="no-greeting"),
        pytest.param(ConnectionResetError(104, "Connection reset by peer"), id="reset"),
    ],
)
def test_a_login_that_was_interrupted_is_tried_again(raised: Exception) -> None:
    error = error_of(raised)
    assert error.may_pass
    assert not isinstance(error, RemoteDeniedError)


@pytest.mark.parametrize(
    "raised",
    [
        pytest.param(AuthenticationException("Authentication failed."), id="wrong-key"),
        pytest.param(BadAuthenticationType("Bad type", ["publickey"]), id="password-not-taken"),
        pytest.param(SSHException("Server 'host' not found in known_hosts"), id="unknown-host"),
    ],
)
def test_a_refused_login_is_not(raised: Exception) -> None:
    error = error_of(raised)
    assert isinstance(error, RemoteDeniedError)
    assert not error.may_pass
