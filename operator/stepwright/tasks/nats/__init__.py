"""Tasks that talk to NATS: ``nats:publish`` leaves a message in a stream, ``nats:request`` asks whoever answers.

``parameters`` is what people write, ``connection`` what a Connection says. ``client`` makes nats-py use a connection that was made
before, ``integration`` puts them together.

nats-py is an extra (``stepwright-asl[nats]``), imported with the first call.
"""

from stepwright.tasks.calls import extras
from stepwright.tasks.calls.deferred import Deferred
from stepwright.tasks.calls.integration import Integration
from stepwright.tasks.calls.means import Means
from stepwright.tasks.nats.connection import read as read_connection
from stepwright.tasks.nats.parameters import OFFERED

__all__ = ["OFFERED", "make", "read_connection"]


def make(means: Means) -> Integration:
    def made() -> Integration:
        from stepwright.tasks.nats.integration import Nats  # noqa: PLC0415 - as above

        return Nats(means.connection_objects, loopback=means.own_machine)

    return Deferred(OFFERED.serves, lambda: extras.made("nats", "nats", made))
