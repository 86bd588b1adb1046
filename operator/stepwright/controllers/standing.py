"""What one of several operators may act on, given what all of them have published.

Each operator publishes its *view*: whom it considers members. Its own view gives it the objects that
rendezvous hashing gives it among those members. Views differ for moments, when somebody comes or goes, and
then two of them may give the same object to two operators. So an operator acts only on an object that

1. every one of its own views that others may see now or soon, published or on its way, gives it, and
2. no other operator's view, read after its own was published, gives to that other operator, and
3. no other operator has noted as being stepped, which may kill it (``controllers.quarantine``).

Of two operators one read last, and saw the other's view, which gives the object to the other: it does not
act. All views are made from the same list of Leases, so they become equal, and each object has one owner
again.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TypeAlias

from stepwright.controllers.rendezvous import owner

View: TypeAlias = tuple[str, ...]
"""Names of members, sorted."""


@dataclass(frozen=True, slots=True)
class Standing:
    """``views``: own ones that others may see. ``claims``: the others whose views differ, each with its
    published view; None is a view that cannot be read and may claim everything. ``stepped``: uids of what
    others step."""

    me: str
    views: frozenset[View] = frozenset()
    claims: frozenset[tuple[str, View | None]] = frozenset()
    stepped: frozenset[str] = frozenset()

    def gives(self, uid: str) -> bool:
        """Whether this operator may act on the object."""
        return (
            bool(self.views)
            and uid not in self.stepped
            and all(owner(uid, view) == self.me for view in self.views)
            and not any(view is None or owner(uid, view) == other for other, view in self.claims)
        )

    def with_view(self, view: View) -> Standing:
        """Before an own view is published: what it does not give is released first. It gives nothing yet."""
        if not self.views or view in self.views:
            return self
        return replace(self, views=self.views | {view})


def nobody(me: str) -> Standing:
    """The standing of one that has published nothing yet."""
    return Standing(me)


def standing(
    me: str,
    published: View,
    on_their_way: frozenset[View],
    others: dict[str, View | None],
    stepped: frozenset[str] = frozenset(),
) -> Standing:
    """From one consistent list of all Leases: the views that I and the others had published at that
    moment."""
    views = on_their_way | {published}
    # A view equal to my only one gives nothing of mine to another.
    claims = {(other, view) for other, view in others.items() if views != {view}}
    return Standing(me, views, frozenset(claims), stepped)
