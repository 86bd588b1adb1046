"""The console's files, as ``make console`` leaves them in ``dist``: built, named by their content, compressed beforehand."""

from __future__ import annotations

import asyncio
import hashlib
import secrets
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final, NamedTuple

from stepwright.console import headers
from stepwright.http.messages import Refused, Request, Response

DIST: Final = Path(__file__).parent / "dist"

PAGE: Final = "index.html"

_NAMED_BY_CONTENT: Final = "assets/"
"""What is below has a hash in its name (Vite's ``assetsDir``)."""

_ENCODINGS: Final = {"br": ".br", "gzip": ".gz"}
"""Suffixes, the best first."""

_TYPES: Final = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".ico": "image/x-icon",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".mjs": "text/javascript; charset=utf-8",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".webmanifest": "application/manifest+json",
    ".woff2": "font/woff2",
}

_NONCE: Final = "NONCE"
"""Stands in a page wherever the nonce of one answer goes."""

_NOT_BUILT: Final = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Stepwright: console not built</title>
<style nonce="NONCE">body { font: 1rem/1.5 system-ui, sans-serif; margin: 4rem auto; max-width: 40rem; padding: 0 1rem;
color-scheme: light dark }</style>
</head>
<body>
<h1>The console is not built yet</h1>
<p>This is a checkout. <code>make console</code> builds the console's pages (it needs Node.js); then load this page again.</p>
<p>Everything else is served: SDKs and the <code>aws</code> CLI work as before.</p>
</body>
</html>
"""


class _File(NamedTuple):
    """``bodies``: where it is, by encoding; as it is under the empty one. ``tag`` changes with its content."""

    type: str
    tag: str
    bodies: Mapping[str, Path]


class _Built(NamedTuple):
    """What one run of ``make console`` has left; ``stamp`` changes with the next one."""

    stamp: tuple[int, ...]
    page: str
    files: Mapping[str, _File]


class Assets:
    """Files are found by their names in a table of what there is: no path leads out of it."""

    def __init__(self, folder: Path = DIST) -> None:
        self._folder = folder
        self._built: _Built | None = None

    async def answer(self, request: Request, name: str) -> Response:
        """The file of this name, as far as there is one, else the page, which knows its own addresses. Raises Refused."""
        return await asyncio.to_thread(self._answer, request, name)

    def _answer(self, request: Request, name: str) -> Response:
        built = self._newest()
        if built is None:
            if name.startswith(_NAMED_BY_CONTENT):
                raise _no_such_file()
            return _page(404, _NOT_BUILT)
        if name != PAGE and (file := built.files.get(name)) is not None:
            return _file(request, file, immutable=name.startswith(_NAMED_BY_CONTENT))
        if name.startswith(_NAMED_BY_CONTENT):
            raise _no_such_file()
        return _page(200, built.page)

    def _newest(self) -> _Built | None:
        """Another run of ``make console`` is noticed."""
        try:
            stamp = tuple(
                path.stat().st_mtime_ns for path in (self._folder / PAGE, self._folder / _NAMED_BY_CONTENT)
            )
            if self._built is None or self._built.stamp != stamp:
                self._built = _read(self._folder, stamp)
        except FileNotFoundError:  # it was never built, or is being built
            return None
        return self._built


def _read(folder: Path, stamp: tuple[int, ...]) -> _Built:
    return _Built(stamp, (folder / PAGE).read_text(), MappingProxyType(dict(_files(folder))))


def _files(folder: Path) -> Iterator[tuple[str, _File]]:
    for path in folder.rglob("*"):
        if path.is_symlink() or not path.is_file() or path.suffix in _ENCODINGS.values():
            continue
        beside = {encoding: path.with_name(path.name + suffix) for encoding, suffix in _ENCODINGS.items()}
        bodies = {encoding: other for encoding, other in beside.items() if other.is_file()}
        tag = hashlib.sha256(path.read_bytes()).hexdigest()[:24]
        type_ = _TYPES.get(path.suffix, "application/octet-stream")
        yield path.relative_to(folder).as_posix(), _File(type_, tag, {**bodies, "": path})


def _file(request: Request, file: _File, *, immutable: bool) -> Response:
    accepted = _accepted(request.headers.get("accept-encoding", ""))
    encoding = next(encoding for encoding in file.bodies if encoding in accepted or not encoding)
    tag = f'"{file.tag}-{encoding}"' if encoding else f'"{file.tag}"'
    told = {
        **headers.SAFE,
        "Cache-Control": "public, max-age=31536000, immutable" if immutable else "no-cache",
        "ETag": tag,
        "Vary": "Accept-Encoding",
    }
    if _is_known(tag, request.headers.get("if-none-match", "")):
        return Response(304, b"", told)
    try:
        body = file.bodies[encoding].read_bytes()
    except FileNotFoundError:  # `make console` runs at this moment
        raise _no_such_file() from None
    if encoding:
        told["Content-Encoding"] = encoding
    return Response(200, body, {**told, "Content-Type": file.type})


def _page(status: int, text: str) -> Response:
    nonce = secrets.token_urlsafe(16)
    body = text.replace(_NONCE, nonce).encode()
    return Response(status, body, {**headers.of_page(nonce), "Content-Type": _TYPES[".html"]})


def _accepted(header: str) -> set[str]:
    """The encodings that a client takes; what it weighs with zero it does not."""
    accepted = set()
    for part in header.split(","):
        name, _, weight = part.replace(" ", "").lower().partition(";q=")
        if not weight or weight.strip("0."):
            accepted.add(name)
    return accepted


def _is_known(tag: str, header: str) -> bool:
    known = {one.strip().removeprefix("W/") for one in header.split(",")}
    return tag in known or "*" in known


def _no_such_file() -> Refused:
    return Refused(
        "NoSuchFile", "There is no such file; if the console was built anew, load its page again", 404
    )
