"""botocore's sessions: what its clients are made from.

Both are without what botocore makes of requests and answers beyond AWS's own SDKs, so that tasks get what they get on AWS.
botocore is imported when the first one is made, which takes a good part of a second of the processor.
"""

from __future__ import annotations

import os
from typing import Any, Final

_NOWHERE: Final = {"config_file": os.devnull, "credentials_file": os.devnull}


def of_user() -> Any:
    """With the endpoints, credentials and settings that AWS's SDKs would find in this process."""
    from botocore.session import Session  # noqa: PLC0415 - see above

    session = Session()
    if session.get_config_variable("ca_bundle") is None:
        session.set_config_variable("ca_bundle", os.environ.get("REQUESTS_CA_BUNDLE"))
    return _as_on_aws(session)


def of_nobody() -> Any:
    """With nothing from the environment and the files of this process, and never with its credentials: clients have those that
    they are given, or none."""
    from botocore.configprovider import BOTOCORE_DEFAUT_SESSION_VARIABLES  # noqa: PLC0415 - see above
    from botocore.credentials import CredentialResolver  # noqa: PLC0415 - see above
    from botocore.session import Session  # noqa: PLC0415 - see above

    session = Session(
        session_vars={
            name: (None, None, _NOWHERE.get(name, default), conversion)
            for name, (_, _, default, conversion) in BOTOCORE_DEFAUT_SESSION_VARIABLES.items()
        }
    )
    session.set_config_variable("ignore_configured_endpoint_urls", True)
    session.register_component("credential_provider", CredentialResolver(providers=[]))
    session.register_component("token_provider", _NoTokens())
    return _as_on_aws(session)


class _NoTokens:
    """In place of botocore's, which looks for bearer tokens in the environment."""

    def load_token(self, **_: Any) -> None:
        return None


def _as_on_aws(session: Any) -> Any:
    from botocore import handlers  # noqa: PLC0415 - see above

    added = {
        handlers.base64_encode_user_data,
        handlers.decode_console_output,
        handlers.decode_list_object,
        handlers.decode_list_object_v2,
        handlers.decode_list_object_versions,
        handlers.json_decode_policies,
        handlers.json_decode_template_body,
        handlers.set_list_objects_encoding_type_url,
    }
    for event, handler, *_ in handlers.BUILTIN_HANDLERS:
        if handler in added:
            session.unregister(event, handler)
    return session
