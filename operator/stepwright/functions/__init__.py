"""Functions in Python, as people write them for Lambda: served by HTTP, run once in a Job, by a worker, begun from
a scaffold.

This is what runs in the image of a function, beside its author's code: it knows Lambda's protocol, the contract of Jobs
and the register of ExternalTasks from the other side, and nothing of executions.
"""
