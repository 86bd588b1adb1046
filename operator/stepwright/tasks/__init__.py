"""What runs the tasks of a state machine: one package per kind of Resource.

Belongs here: drivers (``engine.ports.TaskDriver``) and the checks of their Parameters. Not: interpreting
the States Language, journals, kopf.
"""
