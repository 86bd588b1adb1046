"""Which executions of a state machine are under way, and the revisions that they need: here or, as far as others have written,
elsewhere.
"""

from __future__ import annotations

from typing import Final

from stepwright.cluster.stored import Pinned
from stepwright.controllers.execution_watch import Seen, index_of
from stepwright.controllers.state_machine_watch import Key
from stepwright.engine.ports import Uid
from stepwright.kube.informer import Informer


class UnderWay:
    def __init__(self, watch: Informer[Seen]) -> None:
        self._watch: Final = watch
        self._here: dict[Uid, tuple[Key, str]] = {}

    def __len__(self) -> int:
        """How many are here."""
        return len(self._here)

    def pin(self, seen: Seen, pinned: Pinned) -> None:
        """This operator is about to carry it, with that revision."""
        self._here[seen.uid] = seen.machine, pinned.revision

    def unpin(self, uid: Uid) -> Key | None:
        """It is not carried any more; of which state machine it was, if it was carried."""
        key, _ = self._here.pop(uid, (None, ""))
        return key

    def any_of(self, key: Key) -> bool:
        here = any(machine == key for machine, _ in self._here.values())
        return here or bool(self._watch.by_index(index_of(*key)))

    def revisions_of(self, key: Key) -> set[str]:
        here = {revision for machine, revision in self._here.values() if machine == key}
        seen = (found.status.stateMachine for found in self._watch.by_index(index_of(*key)))
        return here | {started.revision for started in seen if started is not None}
