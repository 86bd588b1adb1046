"""Succeed: https://docs.aws.amazon.com/step-functions/latest/dg/state-succeed.html."""

from __future__ import annotations

from stepwright.asl.definition.fields import Fields
from stepwright.asl.definition.states.envelope import Envelope
from stepwright.asl.machine import Succeed


def parse(state: Fields, envelope: Envelope) -> Succeed:  # noqa: ARG001 - the shape of all state types
    return Succeed(**envelope)
