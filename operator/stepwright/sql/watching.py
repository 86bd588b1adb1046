"""What happens to executions in this process, for those who watch."""

from __future__ import annotations

from typing import Final

from stepwright.catalog.ports import Change
from stepwright.catalog.watchers import Watchers, few
from stepwright.engine.ports import Commit, ExecutionRef

_TURNS: Final = frozenset({"ExecutionStarted", "ExecutionRedriven"})


class CommitWatchers(Watchers):
    """Hears of all commits."""

    def committed(self, ref: ExecutionRef, commit: Commit) -> None:
        followers = self.of(ref.uid)
        if followers and ":execution:" in ref.arn:  # and not a shard of a distributed Map
            change = _change(ref, commit)
            for follower in followers:
                follower.put(change)


def _change(ref: ExecutionRef, commit: Commit) -> Change:
    own = {visit.id: visit for visit in commit.visits if visit.child is None}
    return Change(
        uid=ref.uid,
        arn=ref.arn,
        turned=commit.outcome is not None or any(event["type"] in _TURNS for event in commit.events),
        last_event=max((event["id"] for event in commit.events), default=0),
        waiting_until=commit.waiting_until,
        visits=few(own),
        map_runs={one.arn: one for one in commit.map_runs},
    )
