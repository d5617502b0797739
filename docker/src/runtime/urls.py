"""URLs that people or the stack give: what is wrong with one, and what a reader may see."""

from __future__ import annotations

import re
from ipaddress import IPv4Address, IPv6Address, ip_address
from urllib.parse import SplitResult, urlsplit

MASK = "***"
# What a URL may consist of; RFC 3986, and no more.
CHARACTERS = re.compile(r"[A-Za-z0-9:/?#\[\]@!$&'()*+,;=%._~-]{1,2048}")
PLACE = re.compile(r"(?:\[(?P<six>[0-9A-Fa-f:.]+)\]|(?P<name>[^\[\]:@]+))(?::(?P<port>[0-9]+))?")
LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?", re.IGNORECASE)

NO_PLACE = (
    "it has no host, or no port after a colon, or half a pair of brackets: write https://host"
)

Address = IPv4Address | IPv6Address


def url_fault(text: str, http: bool = False) -> str:
    """Return what is wrong with a URL and its remedy, or nothing; never the URL.

    It must be https, and may be http where the host is a private IP address or
    this machine; with ``http`` anywhere.
    """
    if not CHARACTERS.fullmatch(text):
        return "it has a character that no URL has, such as a space: write it as a browser shows"
    try:
        parts = urlsplit(text)
    except ValueError:
        # Some releases of Python notice here what others leave to the pattern below.
        return NO_PLACE
    if parts.scheme not in ("https", "http"):
        return "it doesn't begin with https://: write it so"
    if "@" in parts.netloc:
        return "it has a user or a password: remove what stands before the @"
    if "#" in text:
        return "it has a #: remove that and what follows"
    return _place_fault(parts, http)


def _place_fault(parts: SplitResult, http: bool) -> str:
    place = PLACE.fullmatch(parts.netloc)
    if not place:
        return NO_PLACE
    if place["port"] and not (len(place["port"]) <= 5 and 0 < int(place["port"]) < 65536):  # noqa: PLR2004
        return "its port isn't from 1 to 65535: correct it"
    host = place["six"] or place["name"]
    if not is_host(host, bool(place["six"])):
        return "its host is no name and no IP address: correct it"
    if parts.scheme == "http" and not (http or _is_near(host)):
        return "http:// is for private IP addresses and localhost alone: write https://"
    return ""


def is_host(text: str, six: bool = False) -> bool:
    """Return whether a text is a host's name or IP address, version 6 if so asked."""
    address = _ip(text)
    if six or address:
        return isinstance(address, IPv6Address if six else IPv4Address)
    labels = text.removesuffix(".").split(".")
    # A name whose end is a number would be taken for an IP address.
    return (
        len(text) <= 253  # noqa: PLR2004 - RFC 1035
        and all(map(LABEL.fullmatch, labels))
        and not labels[-1].isdigit()
        and all(map(_decodes, labels))
    )


def _decodes(label: str) -> bool:
    if not label.lower().startswith("xn--"):
        return True
    # Only a few names need it.
    import idna  # noqa: PLC0415

    try:
        idna.decode(label)
    except idna.IDNAError:
        return False
    return True


def _ip(text: str) -> Address | None:
    try:
        return ip_address(text)
    except ValueError:
        return None


def _is_near(host: str) -> bool:
    address = _ip(host)
    if address is None:
        return host.lower() == "localhost"
    # Link-local is where AWS gives out credentials.
    far = address.is_link_local or address.is_unspecified or address.is_reserved
    return address.is_loopback or (address.is_private and not far)


def masked_url(text: str) -> str:
    """Return a URL without user, password, query and fragment."""
    try:
        parts = urlsplit(text)
    except ValueError:
        return MASK
    if parts.netloc:
        return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"
    return MASK if {"@", "?", "#"} & set(text) else text
