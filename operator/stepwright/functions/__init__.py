"""Functions in Python, as people write them for Lambda: served by HTTP, run once in a Job, by a worker, begun from
a scaffold.

Belongs here: what runs in the image of a function, beside its author's code. It knows Lambda's protocol, and the contract
of Jobs and the register of ExternalTasks from the other side. Not: executions.
"""
