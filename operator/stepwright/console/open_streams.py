"""Streams that are open: a server has only so many, and so has a session, where one logs in."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from stepwright.console.sessions import Session, Sessions
from stepwright.http.messages import Refused


class OpenStreams:
    """``what`` they are, for people: ``logs``. Where nobody has to log in all pages have one session, which is not bounded."""

    def __init__(self, sessions: Sessions, what: str, most: int, most_of_session: int) -> None:
        self._sessions = sessions
        self._what = what
        self._most = most
        self._most_of_session = most_of_session
        self._of_session: Counter[str] = Counter()

    def require_room(self, session: Session) -> None:
        """Raises Refused."""
        if self._of_session.total() >= self._most:
            raise _too_many(f"This server already has {self._most} {self._what} open, the most that it may")
        if self._sessions.login is not None and self._of_session[session.id] >= self._most_of_session:
            raise _too_many(
                f"This session already has {self._most_of_session} {self._what} open, the most that it may"
            )

    @contextmanager
    def one(self, session: Session) -> Iterator[None]:
        """It is open meanwhile."""
        self._of_session[session.id] += 1
        try:
            yield
        finally:
            self._of_session[session.id] -= 1
            if not self._of_session[session.id]:
                del self._of_session[session.id]


def _too_many(message: str) -> Refused:
    return Refused("TooManyStreams", f"{message}; try again in a few seconds", 503)
