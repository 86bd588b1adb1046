"""What each type of state does, a module for each, all of one shape.

``begin(draft, branch, state)`` does the state's work from its start: after it was entered, and again for each Retry.
It either leaves the state (``transitions.leave``), fails with a ``StateError``, or opens something to wait for.
``resume(draft, branch, state, signal)`` goes on when that has happened; ``signal`` None: branches of the state's own
have ended. What was open is closed by ``resume``; a signal that does not fit changes nothing.
"""
