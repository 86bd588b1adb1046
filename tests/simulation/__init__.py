"""Whole executions under faults, in virtual time and replayable from a seed.

What belongs here: a simulated API server with Jobs and pods, operator processes that are killed and stopped, and the
checks that must hold of every seed. What runs inside is the real code: language core, engine, cluster journal, Job
driver, informers, the controller of Executions. ``python -m tests.simulation --seed N --trace`` replays a seed.
"""
