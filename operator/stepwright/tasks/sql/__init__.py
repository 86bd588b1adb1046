"""Tasks that ask a PostgreSQL database: ``sql:query`` reads, ``sql:execute`` writes.

``parameters`` is what people write, ``connection`` what a Connection says; ``values`` makes JSON of columns and parameters of JSON.
``session`` is one connection with one transaction, ``integration`` puts them together.

asyncpg is an extra (``stepwright-asl[sql]``), imported with the first call.
"""

from stepwright.asl.json_types import Json
from stepwright.tasks.calls import extras
from stepwright.tasks.calls.as_tasks import AsTasks
from stepwright.tasks.calls.deferred import Deferred
from stepwright.tasks.calls.integration import Call, Integration
from stepwright.tasks.calls.means import Means
from stepwright.tasks.calls.remote_files import RemoteObjects
from stepwright.tasks.sql.connection import read as read_connection
from stepwright.tasks.sql.parameters import OFFERED

__all__ = ["OFFERED", "make", "read_connection", "remote_rows"]


def make(means: Means) -> Integration:
    def made() -> Integration:
        from stepwright.tasks.sql.integration import Sql  # noqa: PLC0415 - as above

        return Sql(means.connection_objects, loopback=means.own_machine)

    return Deferred(OFFERED.serves, lambda: extras.made("sql", "asyncpg", made))


def remote_rows(means: Means) -> RemoteObjects:
    """Those that ItemReaders of Maps name by a statement."""
    integration = make(means)

    async def ask(call: Call) -> Json:
        return (await integration.begin(call)).value

    return AsTasks(ask)
