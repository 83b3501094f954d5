"""Whose requests are counted together, by their address."""

from ipaddress import IPv6Address, ip_address
from typing import Final

from flask import request

IPV6_BITS: Final = 64  # one household's or one machine's; it may use every address in it


def sender() -> str:
    """Return whose requests are counted with this one.

    Returns
    -------
    str
        As `network_of` makes it from the request's address.
    """
    return network_of(request.remote_addr or "nobody")


def network_of(address: str) -> str:
    """Return what belongs to one sender.

    Parameters
    ----------
    address
        On the internet, as the server sees it.

    Returns
    -------
    str
        An address of version 4; the first 64 bits of one of version 6; other text as it is.

    Examples
    --------
    >>> network_of("192.0.2.7"), network_of("2001:db8:0:1:ffff::7"), network_of("::ffff:192.0.2.7")
    ('192.0.2.7', '2001:db8:0:1::', '192.0.2.7')
    """
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    if not isinstance(parsed, IPv6Address):
        return str(parsed)
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    host_bits = parsed.max_prefixlen - IPV6_BITS
    return str(IPv6Address(int(parsed) >> host_bits << host_bits))
