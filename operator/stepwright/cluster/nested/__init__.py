"""Executions that a task has started: children, which are Executions like any other, and what only they have.

A child is created by the account of its parent's state machine, and says in ``spec.parent`` which task it is of. By that a repeat
finds it, its end is reported to the one task that waits for it, and it is stopped when its parent is gone.
"""
