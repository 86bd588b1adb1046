"""The operator's face to Kubernetes: what happens when a StateMachine or an Execution appears, changes or goes.

Belongs here: kopf's handlers and what they lead to, the operator's life (lease, probes, metrics, shutdown).
Not: knowledge of the States Language (``asl``) or of how a task runs (``tasks``).
"""
