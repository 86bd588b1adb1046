"""The engine: commit, then act.

What belongs here: the loop that carries one execution from signal to signal, timers, recovery. What must not be
here: Kubernetes, HTTP, SQL, kopf. The outside world comes in through the protocols of ``engine.ports``.
"""
