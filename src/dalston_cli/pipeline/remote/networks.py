"""Which addresses are of the internet, and which of a machine's own networks."""

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

_NAT64 = ip_network("64:ff9b::/96")
"""Stands for addresses of IPv4, those of own networks, too."""


def is_public(text: str) -> bool:
    """Return True for an address of the internet; not for one of this machine or its networks."""
    address: IPv4Address | IPv6Address = ip_address(text.partition("%")[0])
    if isinstance(address, IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour
        if inner is None and address.teredo is not None:
            return False
        if inner is not None:
            address = inner
        elif address in _NAT64:
            return False
    return address.is_global and not address.is_multicast
