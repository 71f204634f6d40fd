"""Connections to where callers say: to the address that was looked at, whatever it is called."""

import http.client
import socket
import ssl

from dalston_cli.server.addresses import Destination


def connected(where: Destination, *, timeout_s: float) -> http.client.HTTPConnection:
    """Return a connection that is made already; a proxy of the server's is not used.

    Args:
        where: Its name is what a certificate has to be for.
        timeout_s: To connect, and without a word after that.

    Raises:
        OSError: There is none, or the certificate is not good.
    """
    plain = socket.create_connection((where.address, where.port), timeout=timeout_s)
    connection = http.client.HTTPConnection(where.host, where.port, timeout=timeout_s)
    if where.scheme == "https":
        try:
            plain = ssl.create_default_context().wrap_socket(plain, server_hostname=where.host)
        except OSError:
            plain.close()
            raise
    connection.sock = plain
    return connection
