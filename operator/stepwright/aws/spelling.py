"""How Step Functions spells the names that AWS's service models have."""

from __future__ import annotations


def in_tasks(name: str) -> str:
    """How tasks spell a member of the model (and the model a task's operation): with a capital first
    letter."""
    return f"{name[:1].upper()}{name[1:]}"
