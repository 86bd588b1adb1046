"""The language as a pure function: one step of an execution after another (``steps``), each state type's part of it
(``states``).

Belongs here: what changes a checkpoint (``draft``), moves branches, records events. Not: what a definition may say, which
is ``stepwright.asl.definition``'s.
"""

from stepwright.asl.interpreter.steps import redrive, resume, start, start_broken

__all__ = ["redrive", "resume", "start", "start_broken"]
