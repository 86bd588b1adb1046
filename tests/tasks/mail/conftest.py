"""The certificates of the mail server in these tests."""

from __future__ import annotations

import pytest

from tests.tasks.http.tls_server import Certificates, issue


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return issue(tmp_path_factory.mktemp("certificates"))
