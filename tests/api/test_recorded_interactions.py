"""What AWS answered, recorded, against what the embedded mode answers, event for event: all records, with moto's server as AWS
and the Lambda functions that the data's runner plays.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.data import conformance, recorded_api

RUN = 996
"""Records that run: the others need API Gateway, ECS or a second account, or hold nothing that could be compared."""

pytestmark = pytest.mark.slow


@pytest.mark.conformance
@pytest.mark.timeout(1200)
@pytest.mark.skipif(conformance.folder() is None, reason=conformance.WHY_SKIPPED)
def test_the_embedded_mode_answers_as_aws_did(tmp_path: Path) -> None:
    results = recorded_api.replay(tmp_path)

    exceptional = recorded_api.exceptional()
    failed = {result.id: result.why for result in results if result.passed is False}
    unknown = {id: why for id, why in failed.items() if id not in exceptional}
    assert unknown == {}, json.dumps(unknown, indent=1)
    passed = {result.id for result in results if result.passed}
    assert [id for id, why in exceptional.items() if id in passed and not why.by_chance] == []
    assert exceptional.keys() <= failed.keys() | passed, "there is no such record"
    assert len(failed) + len(passed) == RUN
