"""What a task has started itself, in a form that nobody else can forge: a child names its task, and the account that has created
it.

Functions of plain data. The chart's admission policies (``templates/policies/executions.yaml``) see to it that nobody names an
account but their own.
"""

from __future__ import annotations

from typing import Any

import msgspec

from stepwright.asl.json_types import JsonText
from stepwright.catalog.ports import CallingTask, LimitReached, NameTaken
from stepwright.catalog.records import Execution
from stepwright.cluster.nested.names import Named, object_name
from stepwright.cluster.nested.parent import DEEPEST, Parent
from stepwright.cluster.nested.stored_child import STARTED_BY, StoredChild
from stepwright.cluster.resources import API_VERSION


def manifest(by: CallingTask, user: str, above: int, input: JsonText, named: Named) -> dict[str, Any]:
    """The Execution that a task creates as ``user``. ``above``: how many executions have led to that of the task. Raises LimitReached."""
    if above >= DEEPEST:
        raise LimitReached(
            f"{DEEPEST} executions have started one another, one the next: no further one is started by them"
        )
    parent = Parent.of(by, above + 1)
    metadata = {
        "name": object_name(named.machine, named.name),
        "namespace": named.namespace,
        "labels": parent.labels(),
        "annotations": {STARTED_BY: user},
    }
    spec = {
        "stateMachineRef": {"name": named.machine},
        "name": named.name,
        "inputJson": input,
        "parent": parent.as_spec(),
    }
    return {"apiVersion": API_VERSION, "kind": "Execution", "metadata": metadata, "spec": spec}


def is_own(found: StoredChild, by: CallingTask, user: str) -> bool:
    parent = found.spec.parent
    return parent is not None and parent.is_of(by) and found.started_by == user


def as_started(found: StoredChild, by: CallingTask, user: str, execution: Execution) -> Execution:
    """What is there already of the name that the task's execution is to have: with the uid of ``execution`` if the task has
    started it. Raises NameTaken: what a task waits for it has started itself, or others could give it the output."""
    record = found.record(None)
    if is_own(found, by, user):
        return msgspec.structs.replace(record, uid=execution.uid)
    if by.waits:
        raise NameTaken(found.arn)
    return record
