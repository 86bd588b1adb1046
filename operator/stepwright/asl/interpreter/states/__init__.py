"""What each type of state does, in one module for each; all have the same two functions.

``begin(draft, branch, state)`` does the state's work from its start: after it was entered, and again for each Retry.
It either leaves the state (``transitions.leave``), fails with a ``StateError``, or opens something to wait for.
``resume(draft, branch, state, signal)`` goes on when that has happened. If ``signal`` is None, branches of the state itself
have ended. ``resume`` closes what was open; a signal that does not fit changes nothing.
"""
