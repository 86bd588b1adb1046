"""Tasks that send mail: ``smtp:send``, to the server that a Connection names.

``parameters`` is what people write, ``connection`` what a Connection says, ``message`` makes the mail of both, ``integration`` sends
it.

aiosmtplib is an extra (``stepwright-asl[mail]``), imported with the first call.
"""

from stepwright.tasks.calls import extras
from stepwright.tasks.calls.deferred import Deferred
from stepwright.tasks.calls.integration import Integration
from stepwright.tasks.calls.means import Means
from stepwright.tasks.mail.connection import read as read_connection
from stepwright.tasks.mail.parameters import OFFERED

__all__ = ["OFFERED", "make", "read_connection"]


def make(means: Means) -> Integration:
    def made() -> Integration:
        from stepwright.tasks.mail.integration import Mail  # noqa: PLC0415 - as above

        return Mail(means.connection_objects, loopback=means.own_machine)

    return Deferred(OFFERED.serves, lambda: extras.made("mail", "aiosmtplib", made))
