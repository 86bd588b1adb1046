"""The engine: commit, then act.

Belongs here: the loop that takes one execution from signal to signal, timers, recovery. Not: Kubernetes,
HTTP, SQL, kopf. The outside world comes in through the protocols of ``engine.ports``.
"""
