"""Tasks that publish messages to RabbitMQ, or another server of AMQP 0-9-1: ``amqp:publish``, which the server confirms, and
``amqp:request``, which somebody answers.

``parameters`` is what people write, ``connection`` what a Connection says. ``client`` makes aiormq use a connection that was made
before, ``integration`` puts them together.

aiormq is an extra (``stepwright-asl[amqp]``), imported with the first call.
"""

from stepwright.tasks.amqp.connection import read as read_connection
from stepwright.tasks.amqp.parameters import OFFERED
from stepwright.tasks.calls import extras
from stepwright.tasks.calls.deferred import Deferred
from stepwright.tasks.calls.integration import Integration
from stepwright.tasks.calls.means import Means

__all__ = ["OFFERED", "make", "read_connection"]


def make(means: Means) -> Integration:
    def made() -> Integration:
        from stepwright.tasks.amqp.integration import Amqp  # noqa: PLC0415 - as above

        return Amqp(means.connection_objects, loopback=means.own_machine)

    return Deferred(OFFERED.serves, lambda: extras.made("amqp", "aiormq", made))
