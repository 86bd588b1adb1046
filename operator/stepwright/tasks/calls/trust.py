"""Whose certificates a call trusts, and which it shows of its own: as a Connection says, and as OpenSSL has it."""

from __future__ import annotations

import asyncio
import hashlib
import os
import ssl
import tempfile
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

from stepwright.tasks.calls.connection_parts import SecretKey
from stepwright.tasks.calls.secrets import Secrets

_CONTEXTS_KEPT: Final = 64


class BadCertificates(Exception):  # noqa: N818 - it names a condition
    """What is wrong with those that were given, as a whole sentence."""


@dataclass(frozen=True, slots=True)
class Tls:
    """What a Connection says. ``authorities``: in PEM, or where they are. ``certificate`` and ``key``: of the client."""

    authorities: str | SecretKey | None = None
    certificate: SecretKey | None = None
    key: SecretKey | None = None
    server_name: str | None = None


@dataclass(frozen=True, slots=True, repr=False)
class Trust:
    """Texts in PEM. ``authorities``: whose certificates are trusted; the system's if None. ``certificate`` and ``key``: the
    client's own. ``server_name``: whose certificate is expected, if not the host's."""

    authorities: str | None = None
    certificate: str | None = None
    key: str | None = None
    server_name: str | None = None


async def read(tls: Tls, secrets: Secrets) -> Trust:
    """Raises NoObject, Unavailable."""
    return Trust(
        None if tls.authorities is None else await _pem(secrets, tls.authorities),
        None if tls.certificate is None else await _pem(secrets, tls.certificate),
        None if tls.key is None else await secrets.of(tls.key),
        tls.server_name,
    )


async def _pem(secrets: Secrets, where: str | SecretKey) -> str:
    """Certificates are not secrets, wherever they are kept."""
    if isinstance(where, str):
        return where
    return await secrets.connection.secret(where.name, where.key)


@dataclass(slots=True)
class Contexts:
    """Of OpenSSL, kept as long as they are used."""

    _known: OrderedDict[bytes, ssl.SSLContext] = field(default_factory=OrderedDict)

    async def of(self, trust: Trust) -> ssl.SSLContext:
        """Raises BadCertificates."""
        given = repr((trust.authorities, trust.certificate, trust.key)).encode("utf-8", "replace")
        digest = hashlib.sha256(given).digest()
        context = self._known.get(digest)
        if context is None:
            # Reading all of the system's authorities takes 20 ms.
            context = await asyncio.to_thread(_make, trust)
            self._known[digest] = context
            if len(self._known) > _CONTEXTS_KEPT:
                self._known.popitem(last=False)
        self._known.move_to_end(digest)
        return context


def _make(trust: Trust) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cadata=trust.authorities)
        if trust.certificate is not None:
            with _as_file(trust.certificate + "\n" + (trust.key or "")) as path:
                context.load_cert_chain(path, password=_no_password)
    except (ssl.SSLError, ValueError, OSError) as error:
        raise BadCertificates(
            "The certificates or the key of the Connection cannot be used: they must be PEM."
        ) from error
    return context


def _no_password() -> str:
    raise ValueError("the key has a password")


@contextmanager
def _as_file(text: str) -> Iterator[str]:
    """OpenSSL reads keys from files alone: from one in memory, where there is such a thing."""
    if hasattr(os, "memfd_create"):
        descriptor = os.memfd_create("certificate", os.MFD_CLOEXEC)
        try:
            os.write(descriptor, text.encode())
            yield f"/proc/self/fd/{descriptor}"
        finally:
            os.close(descriptor)
        return
    with tempfile.NamedTemporaryFile() as file:
        file.write(text.encode())
        file.flush()
        yield file.name


def why_not(error: ssl.SSLCertVerificationError | Exception) -> str:
    """Why a certificate is not trusted, as the end of a sentence."""
    return (getattr(error, "verify_message", "") or str(error)).rstrip(".")
