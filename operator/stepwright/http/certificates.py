"""The certificate that a server shows, which others replace while it serves: cert-manager, a kubelet that updates a mounted
Secret."""

from __future__ import annotations

import asyncio
import hashlib
import ssl
from pathlib import Path
from typing import Final

import structlog

LOOK_SECONDS: Final = 10.0

log = structlog.get_logger(__name__)


class Certificate:
    """``chain`` and ``key``: files in PEM. ``context`` is for a server; new connections get what was read last."""

    def __init__(self, chain: Path, key: Path, look_seconds: float = LOOK_SECONDS) -> None:
        """Raises OSError, ssl.SSLError."""
        self._chain = chain
        self._key = key
        self._look_seconds = look_seconds
        self.context: Final = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self.context.minimum_version = ssl.TLSVersion.TLSv1_2
        self._read = self._digest()
        self.context.load_cert_chain(chain, key)

    async def follow(self) -> None:
        """Read it again whenever it has changed, until cancelled."""
        while True:
            await asyncio.sleep(self._look_seconds)
            try:
                await asyncio.to_thread(self.look)
            except (OSError, ssl.SSLError) as error:
                # The two files may not be replaced at one moment: the next look sees both.
                log.warning("the certificate cannot be read", chain=str(self._chain), error=str(error))

    def look(self) -> None:
        """Raises OSError, ssl.SSLError: then the one before stays in use."""
        digest = self._digest()
        if digest == self._read:
            return
        # A pair that does not fit must not replace half of the one in use.
        ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(self._chain, self._key)
        self.context.load_cert_chain(self._chain, self._key)
        self._read = digest
        log.info("the certificate has changed", chain=str(self._chain))

    def _digest(self) -> bytes:
        return hashlib.sha256(self._chain.read_bytes() + b"\0" + self._key.read_bytes()).digest()
