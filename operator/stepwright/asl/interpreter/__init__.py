"""The language as a pure function: an execution goes on step by step (``steps``), and each state type has a module
(``states``).

Whatever changes a checkpoint (``draft``), moves branches or records events belongs here. What a definition may say does
not: that is in ``stepwright.asl.definition``.
"""

from stepwright.asl.interpreter.steps import redrive, resume, start, start_broken

__all__ = ["redrive", "resume", "start", "start_broken"]
