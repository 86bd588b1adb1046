"""An execution in quarantine: its conditions say why it does not continue; it continues when somebody
releases it, or ends when somebody stops it."""

from __future__ import annotations

from stepwright.cluster import conditions, executions
from stepwright.cluster.clearing import Clearing
from stepwright.cluster.executions import Body
from stepwright.cluster.uncarried import Refusals
from stepwright.controllers.quarantine import RELEASE, Quarantine, Suspect
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

    async def releases(self, body: Body) -> bool:
        """Whether the execution may continue now; if not, its status says why. ``body`` must be whole. Raises
        Unavailable."""
        uid = executions.uid_of(body)
        suspect = self._quarantine.suspects.get(uid)
        if suspect is None or not suspect.quarantined:
            return True
        stop = executions.stop_request(body)
        if stop is not None:
            await self._clearing.stop_all(body)
            await self._refusals.abort(body, stop)
            return False
        if (body["metadata"].get("annotations") or {}).get(RELEASE) != suspect.key:
            await self._refusals.stall(body, conditions.QUARANTINED, _way_out(body, suspect))
            return False
        await self._refusals.go_on(body)
        await self.forget(uid)
        return True


def _way_out(body: Body, suspect: Suspect) -> str:
    metadata = body["metadata"]
    return (
        f"{', '.join(suspect.deaths)} ended while they computed a step of it. To try again: kubectl annotate execution "
        f"-n {metadata['namespace']} {metadata['name']} --overwrite {RELEASE}={suspect.key}"
    )
