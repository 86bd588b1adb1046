"""Functions in Python, as people write them for Lambda: served by HTTP, run once in a Job, begun from a scaffold.

This is what runs in the image of a function, beside its author's code: it knows Lambda's protocol and the contract of Jobs
from the other side, and nothing of executions.
"""
