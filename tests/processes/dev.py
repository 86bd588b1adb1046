"""``stepwright dev`` as a process of this checkout, and AWS's own client for it."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import boto3
from botocore.config import Config

from tests.processes.ending import ends_with_us

ROOT = Path(__file__).resolve().parents[2]
ROLE = "arn:aws:iam::123456789012:role/anybody"
ENDED = ("SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED")


class DevProcess:
    """Serves when ``start`` returns; ``kill`` and ``start`` again, and it goes on with the same data."""

    def __init__(self, data: Path, *arguments: str, environment: Mapping[str, str] | None = None) -> None:
        self.data = data
        self.log = data.parent / "dev.log"
        self._arguments = arguments
        self._environment = environment or {}
        self._process: subprocess.Popen[str] | None = None
        self.port = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        command = [sys.executable, "-m", "stepwright.cli", "dev", "--port", str(self.port)]
        with self.log.open("a") as log:
            self._process = subprocess.Popen(
                [*command, "--data", str(self.data), *self._arguments],
                cwd=ROOT,
                env={**os.environ, "PYTHONPATH": "operator", **self._environment},
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        ends_with_us(self._process)
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        found = re.search(r"http://127\.0\.0\.1:(\d+)", line)
        assert found is not None, self.log.read_text(encoding="utf-8")[-2000:]
        self.port = int(found[1])

    def kill(self) -> None:
        self._end(signal.SIGKILL)

    def stop(self) -> int:
        return self._end(signal.SIGTERM)

    def _end(self, number: signal.Signals, *, else_kill: bool = False) -> int:
        assert self._process is not None
        self._process.send_signal(number)
        try:
            code = self._process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            if not else_kill:
                raise
            self._process.kill()
            code = self._process.wait()
        assert self._process.stdout is not None
        self._process.stdout.close()
        self._process = None
        return code

    def client(self, **config: Any) -> Any:
        settings = {
            "parameter_validation": False,
            "inject_host_prefix": False,
            "retries": {"total_max_attempts": 1},
        }
        return boto3.client(
            "stepfunctions",
            endpoint_url=self.url,
            region_name="us-east-1",
            aws_access_key_id="anybody",
            aws_secret_access_key="anything",
            config=Config(**{**settings, **config}),
        )

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process is not None:
            self._end(signal.SIGTERM, else_kill=True)


def ended(client: Any, arn: str, *, within_seconds: float = 30) -> dict[str, Any]:
    """DescribeExecution once the execution has ended."""
    until = time.monotonic() + within_seconds
    while time.monotonic() < until:
        answer: dict[str, Any] = client.describe_execution(executionArn=arn)
        if answer["status"] in ENDED:
            return answer
        time.sleep(0.02)
    raise AssertionError(f"{arn} is still {answer['status']}")
