"""What a kubelet does for the operator's container: it is started again whenever it ends."""

from __future__ import annotations

import contextlib
import threading
from types import TracebackType
from typing import Final, Self

from tests.processes.operators import OperatorFailed, OperatorProcess

BACK_OFF_SECONDS: Final = 1.0
READY_SECONDS: Final = 90.0


class KeptRunning:
    """While the block lasts, the operator is started again each time it ends, also where it cannot start yet."""

    def __init__(self, operator: OperatorProcess) -> None:
        self._operator = operator
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._keep, daemon=True)
        self.starts = 0

    def _keep(self) -> None:
        while not self._over.wait(0.2):
            if self._operator.alive:
                continue
            if self.starts:
                self._operator.stop()  # what is left of the last one: its log
                self._over.wait(BACK_OFF_SECONDS)
            self.starts += 1
            with contextlib.suppress(OperatorFailed):
                self._operator.start(ready_seconds=READY_SECONDS)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join(READY_SECONDS + 30)
