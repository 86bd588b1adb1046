"""HTTP tasks: ``arn:aws:states:::http:invoke``, which call what a Connection allows.

``tasks.calls.policy`` decides what may be reached; ``connection`` and ``parameters`` read what people wrote; ``forms`` and
``answers`` are how data is sent and received: functions of plain data. ``client`` makes one request, ``authentication`` proves
who calls, ``sending`` puts them together, for tasks (``integration``) and for
readers of files (``url_files``).

The integration is imported with its first call: a process that makes none need not wait for an HTTP client.
"""

from stepwright.tasks.calls.deferred import Deferred, DeferredFiles
from stepwright.tasks.calls.integration import Integration
from stepwright.tasks.calls.means import Means
from stepwright.tasks.calls.remote_files import RemoteFiles
from stepwright.tasks.http.connection import read as read_connection
from stepwright.tasks.http.parameters import SCHEMA, check, check_for
from stepwright.tasks.http.resources import INVOKE, serves

__all__ = ["INVOKE", "SCHEMA", "check", "check_for", "make", "read_connection", "remote_files", "serves"]


def make(means: Means) -> Integration:
    def made() -> Integration:
        from stepwright.tasks.http.integration import Http  # noqa: PLC0415 - as above

        return Http(means.connection_objects, means.clock, loopback=means.own_machine)

    return Deferred(serves, made)


def remote_files(means: Means) -> RemoteFiles:
    """Those that ItemReaders of Maps name by URL."""

    def made() -> RemoteFiles:
        from stepwright.tasks.http.sending import Sender  # noqa: PLC0415 - as above
        from stepwright.tasks.http.url_files import HttpFiles  # noqa: PLC0415

        return HttpFiles(Sender(means.connection_objects, means.clock, loopback=means.own_machine))

    return DeferredFiles(made)
