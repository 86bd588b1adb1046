"""How calls by botocore fail, said to whoever makes them.

botocore is imported by the first call alone (``aws.clients``).
"""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final
from urllib.parse import urlsplit

from stepwright.aws.calling import AnswerTooLarge, NoAnswer

_UNREADABLE: Final = "the answer cannot be read, so it is not from this service"


@contextmanager
def translated() -> Iterator[None]:
    """What a service has answered is not among these. Raises NoAnswer, AnswerTooLarge."""
    from botocore import eventstream, exceptions, parsers  # noqa: PLC0415 - see above

    from stepwright.aws.bounded import TooLong  # noqa: PLC0415 - it needs botocore

    try:
        yield
    except exceptions.ClientError:
        raise
    except TooLong as error:
        raise AnswerTooLarge(str(error)) from error
    except eventstream.ParserError as error:
        raise NoAnswer(_UNREADABLE) from error
    except (exceptions.BotoCoreError, parsers.ResponseParserError, ValueError) as error:
        raise NoAnswer(_words(error)) from error


def _words(error: Exception) -> str:
    """What happened, in the words of AWS's SDK for Java as far as they say something."""
    from botocore import exceptions, parsers  # noqa: PLC0415 - see above

    where = urlsplit(str(getattr(error, "kwargs", {}).get("endpoint_url", "")))
    match error:
        case exceptions.EndpointConnectionError() if _is_unknown(where.hostname):
            return f"{where.hostname}: Name or service not known"
        case exceptions.EndpointConnectionError():
            return f"Connect to {where.netloc} failed: Connection refused"
        case exceptions.ConnectTimeoutError():
            return f"Connect to {where.netloc} failed: connect timed out"
        case exceptions.ReadTimeoutError():
            return "Read timed out"
        case exceptions.ConnectionClosedError():
            return f"{where.netloc} failed to respond"
        case parsers.ResponseParserError():
            return _UNREADABLE
    return str(error)


def _is_unknown(host: str | None) -> bool:
    try:
        socket.getaddrinfo(host, None)
    except (OSError, UnicodeError):
        return True
    return False
