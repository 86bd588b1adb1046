"""An execution in quarantine: its conditions say why it does not continue; it continues when somebody releases it, or ends when
somebody stops it."""

from __future__ import annotations

from stepwright.cluster import conditions
from stepwright.cluster.clearing import Clearing
from stepwright.cluster.stored import Stored
from stepwright.cluster.uncarried import Refusals
from stepwright.controllers.quarantine import Quarantine
from stepwright.controllers.suspects import RELEASE, Suspect
from stepwright.engine.ports import Uid
from stepwright.kube.api import Api


class SettingApart:
    """``api``: that of the calling loop."""

    def __init__(self, api: Api, quarantine: Quarantine, refusals: Refusals, clearing: Clearing) -> None:
        self._api = api
        self._quarantine = quarantine
        self._refusals = refusals
        self._clearing = clearing

    def holds(self, uid: Uid) -> bool:
        return self._quarantine.holds(uid)

    def suspects(self) -> list[Suspect]:
        return list(self._quarantine.suspects.values())

    def suspected(self, uid: Uid) -> bool:
        return uid in self._quarantine.suspects

    async def forget(self, uid: Uid) -> None:
        """It cannot continue any more. Raises Unavailable."""
        await self._quarantine.forget(uid, self._api)

    async def releases(self, stored: Stored) -> bool:
        """Whether the execution may continue now; if not, its status says why. ``stored`` must be whole. Raises
        Unavailable."""
        uid = stored.uid
        suspect = self._quarantine.suspects.get(uid)
        if suspect is None or not suspect.quarantined:
            return True
        stop = stored.stop
        if stop is not None:
            await self._clearing.stop_all(stored)
            await self._refusals.abort(stored, stop)
            return False
        if stored.annotations.get(RELEASE) != suspect.key:
            await self._refusals.stall(stored, conditions.QUARANTINED, _way_out(stored, suspect))
            return False
        await self._refusals.go_on(stored)
        await self.forget(uid)
        return True


def _way_out(stored: Stored, suspect: Suspect) -> str:
    return (
        f"{', '.join(suspect.deaths)} ended while they computed a step of it. To try again: kubectl annotate execution "
        f"-n {stored.namespace} {stored.name} --overwrite {RELEASE}={suspect.key}"
    )
