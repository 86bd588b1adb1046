"""A login provider as a process: oidc-provider, which is certified by the OpenID Foundation, with its forms for developers."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from tests.processes.ending import ends_with_us
from tests.testcluster.locations import cache_folder
from tests.testcluster.ports import free_port

_HERE: Final = Path(__file__).parent
CLIENT_ID: Final = "stepwright"
CLIENT_SECRET: Final = "s3cret/+ %"


def installed() -> Path:
    """The folder with its packages, in the versions that are locked here."""
    lock = (_HERE / "package-lock.json").read_bytes()
    folder = cache_folder() / f"oidc-provider-{hashlib.sha256(lock).hexdigest()[:12]}"
    if not (folder / "node_modules").is_dir():
        making = folder.with_name(f"{folder.name}.{os.getpid()}")
        making.mkdir(parents=True)
        for name in ("package.json", "package-lock.json"):
            shutil.copy(_HERE / name, making)
        command = ["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts", "--silent"]
        subprocess.run(command, cwd=making, check=True, timeout=240)
        if not folder.exists():
            making.rename(folder)
        else:  # another test run was quicker
            shutil.rmtree(making)
    shutil.copy(_HERE / "provider.mjs", folder)
    return folder


class OidcProvider:
    """Serves when ``with`` is entered. ``redirect_uri``: where it sends people back to."""

    def __init__(self, redirect_uri: str) -> None:
        self._redirect_uri = redirect_uri
        self._process: subprocess.Popen[str] | None = None
        self.port = free_port()

    @property
    def issuer(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            ["node", "provider.mjs", str(self.port), self._redirect_uri],
            cwd=installed(),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        ends_with_us(self._process)
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if line.strip() == "serves":
                return self
        raise AssertionError(f"the provider has ended with {self._process.wait()}")

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._process is not None
        self._process.kill()
        self._process.wait()
        assert self._process.stdout is not None
        self._process.stdout.close()
