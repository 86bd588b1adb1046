"""Where a request on behalf of somebody else goes, read once by one parser: what is compared with a Connection is what is connected to.

Two readers of one URL that disagree are how such checks are circumvented. So whatever servers, proxies or libraries are known to read
in more than one way is refused, not repaired: users before a host (``http://good@evil``), backslashes, control characters,
fragments, percent signs or letters beyond ASCII in a host, numbers that are addresses to some (``http://2130706433``, ``0x7f.1``),
and steps up in a path, however they are encoded.

Syntax: RFC 3986; what is a number at the end of a host: https://url.spec.whatwg.org/#ends-in-a-number-checker.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address
from typing import Final, TypeAlias
from urllib.parse import quote, unquote

Address: TypeAlias = IPv4Address | IPv6Address

LONGEST: Final = 8 * 1024
"""Characters of a URL. Few servers take more."""

PORTS: Final = {"http": 80, "https": 443}

_URL: Final = re.compile(
    r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://(?P<authority>[^/?]*)(?P<path>/[^?]*)?(?:\?(?P<query>.*))?"
)
_AUTHORITY: Final = re.compile(r"(?P<host>\[[^\]]*\]|[^:\[\]]*)(?::(?P<port>[0-9]{1,5}))?")
_LABEL: Final = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")
_NUMBER: Final = re.compile(r"[0-9]+|0x[0-9a-f]*")
_ESCAPE: Final = re.compile(r"%(?![0-9A-Fa-f]{2})")
_SAFE: Final = "!\"#$%&'()*+,-./:;<=>?@[]^_`{|}~"
"""What ``quote`` leaves alone beside letters and digits: everything in ASCII but the space and what is refused."""


class BadUrl(ValueError):  # noqa: N818 - it names a condition
    """What is wrong with it, as the end of a sentence: ``has a user before its host``."""


@dataclass(frozen=True, slots=True)
class Target:
    """``host`` in small letters, an IPv6 address without brackets; ``path`` and ``query`` as they are sent. ``literal``: the
    host's address where it is one already."""

    scheme: str
    host: str
    port: int
    path: str
    query: str
    literal: Address | None

    @property
    def place(self) -> str:
        """Host and port."""
        return f"{self._host}:{self.port}"

    @property
    def origin(self) -> str:
        return f"{self.scheme}://{self._host if self.port == PORTS[self.scheme] else self.place}"

    @property
    def _host(self) -> str:
        return f"[{self.host}]" if isinstance(self.literal, IPv6Address) else self.host

    @property
    def url(self) -> str:
        return self.origin + self.path + (f"?{self.query}" if self.query else "")

    @property
    def shown(self) -> str:
        """For people and logs: a query may hold secrets."""
        return self.origin + self.path


def parse(text: str) -> Target:
    """Raises BadUrl."""
    if len(text) > LONGEST:
        raise BadUrl(f"is longer than {LONGEST:,} characters")
    if any(character < " " or character == "\x7f" for character in text):
        raise BadUrl("has a control character in it")
    if "\\" in text:
        raise BadUrl("has a backslash in it, which some read as a slash")
    if "#" in text:
        raise BadUrl("has a fragment (#), which is never sent")
    found = _URL.fullmatch(text)
    if found is None:
        raise BadUrl("is not a whole URL (https://HOST/PATH)")
    scheme = found["scheme"].lower()
    if scheme not in PORTS:
        raise BadUrl(f"has the scheme {scheme}; only https and http are called")
    host, literal, port = _authority(found["authority"])
    path = _encoded(found["path"] or "/")
    if _steps_up(path):
        raise BadUrl("has . or .. as a part of its path")
    return Target(scheme, host, port or PORTS[scheme], path, _encoded(found["query"] or ""), literal)


def of(scheme: str, host: str, port: int) -> Target:
    """Of a host by itself, an IPv6 address without brackets. Raises BadUrl."""
    found = parse(f"{scheme}://{f'[{host}]' if ':' in host else host}:{port}/")
    if found.path != "/" or found.query:
        raise BadUrl("has a host that is not a name")
    return found


def _authority(text: str) -> tuple[str, Address | None, int | None]:
    if "@" in text:
        raise BadUrl("has a user or a password before its host")
    found = _AUTHORITY.fullmatch(text)
    if found is None:
        raise BadUrl("has a host or a port that is not valid")
    port = None if found["port"] is None else int(found["port"])
    if port is not None and not 1 <= port <= 65535:
        raise BadUrl("has a port that is not valid")
    host, literal = _host(found["host"].lower())
    return host, literal, port


def _host(text: str) -> tuple[str, Address | None]:
    if text.startswith("["):
        try:
            address = IPv6Address(text[1:-1])
        except ValueError:
            raise BadUrl("has a host in brackets that is not an IPv6 address") from None
        if address.scope_id is not None:
            raise BadUrl("has an IPv6 address with a zone")
        return str(address), address
    if not text:
        raise BadUrl("has no host")
    if not text.isascii() or "%" in text:
        raise BadUrl("has a host with other letters than ASCII's; write it in its xn-- form")
    labels = text.split(".")
    if len(text) > 253 or not all(map(_LABEL.fullmatch, labels)):
        raise BadUrl("has a host that is not a name")
    if _NUMBER.fullmatch(labels[-1]) is None:
        return text, None
    try:
        return text, ipaddress.IPv4Address(text)
    except ValueError:
        raise BadUrl("has a number for a host that some read as an address; write it as 192.0.2.1") from None


def _encoded(text: str) -> str:
    if _ESCAPE.search(text):
        raise BadUrl("has a % that begins no escape")
    try:
        return quote(text, safe=_SAFE)
    except UnicodeEncodeError:  # half of a character
        raise BadUrl("has half of a character in it") from None


def _steps_up(path: str) -> bool:
    """Also for servers that decode more than once, take ``%2f`` or ``%5c`` for a slash, or cut off what follows a ``;``."""
    while True:
        if any(part.split(";")[0] in (".", "..") for part in re.split(r"[/\\]", path)):
            return True
        decoded = unquote(path, errors="replace")
        if decoded == path:
            return False
        path = decoded
