"""Executions that unforeseen exceptions keep from being taken up, examined or ended: none of them waits
silently.

As with a step (``engine.defects``), the second failure of the same work ends the execution with
``States.Runtime``. If even that fails, it is set apart: its condition ``Stalled`` says so, and it is tried
again when its spec changes or an operator starts.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import msgspec
import structlog

from stepwright.cluster import conditions, stored
from stepwright.cluster.journal import ClusterJournal
from stepwright.cluster.stored import Stored
from stepwright.cluster.uncarried import Refusals, Unwritable
from stepwright.controllers.execution_watch import Seen
from stepwright.engine.defects import Defect
from stepwright.engine.ports import Elsewhere, ExecutionRef, Gone, Uid, Unavailable

log = structlog.get_logger(__name__)


class Defective:
    """``fail`` ends an execution with a cause, and everything that runs for it. ``find`` returns what the
    watch has of one."""

    def __init__(
        self,
        journal: ClusterJournal,
        refusals: Refusals,
        fail: Callable[[Stored, str], Awaitable[None]],
        find: Callable[[ExecutionRef], Seen | None],
    ) -> None:
        self._journal = journal
        self._refusals = refusals
        self._fail = fail
        self._find = find
        self._apart: dict[Uid, int] = {}
        """The ones set apart, with the generation of their spec at that time."""

    def holds(self, seen: Seen) -> bool:
        """Whether it is set apart, and nobody has changed its spec since."""
        return self._apart.get(seen.uid) == seen.metadata.generation

    def forget(self, uid: Uid) -> None:
        self._apart.pop(uid, None)

    async def give_up(self, ref: ExecutionRef, defect: Defect) -> bool:
        """End it, or set it apart. False if neither can be written now. Raises Unwritable."""
        try:
            found = await self._journal.read_lean(ref)
            if not found.has_ended:
                await self._fail(found, defect.cause)
        except (Gone, Elsewhere):
            return True
        except Unavailable as error:
            log.warning("execution cannot be ended yet", execution=str(ref), reason=str(error))
            return False
        except Unwritable:
            raise
        except Exception:
            log.exception("execution cannot be ended", execution=str(ref), error_id=defect.error_id)
            return await self._set_apart(ref, defect)
        return True

    async def _set_apart(self, ref: ExecutionRef, defect: Defect) -> bool:
        seen = self._find(ref)
        if seen is None or seen.uid != ref.uid:
            return False
        known = stored.of(msgspec.to_builtins(seen))
        try:
            await self._refusals.stall(known, conditions.INTERNAL_ERROR, defect.cause)
        except Exception:
            log.exception("cannot say why an execution waits", execution=str(ref))
            return False
        self._apart[ref.uid] = seen.metadata.generation
        return True
