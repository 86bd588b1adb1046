"""Tasks that publish messages to Kafka: ``kafka:publish``, which all replicas in sync acknowledge.

``parameters`` is what people write, ``connection`` what a Connection says. ``client`` makes aiokafka use connections that were made
before, ``producers`` keeps the identities by which brokers recognise a message that comes twice, ``integration`` puts them
together.

aiokafka is an extra (``stepwright-asl[kafka]``), imported with the first call.
"""

from stepwright.tasks.calls import extras
from stepwright.tasks.calls.deferred import Deferred
from stepwright.tasks.calls.integration import Integration
from stepwright.tasks.calls.means import Means
from stepwright.tasks.kafka.connection import read as read_connection
from stepwright.tasks.kafka.parameters import OFFERED

__all__ = ["OFFERED", "make", "read_connection"]


def make(means: Means) -> Integration:
    def made() -> Integration:
        from stepwright.tasks.kafka.integration import Kafka  # noqa: PLC0415 - as above

        return Kafka(means.connection_objects, loopback=means.own_machine)

    return Deferred(OFFERED.serves, lambda: extras.made("kafka", "aiokafka", made))
