"""Logs of what runs on one machine: for people at a terminal, to stderr."""

from __future__ import annotations

import logging
import sys

import structlog


def plainly(level: str) -> None:
    """``level``: the least that is logged."""
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, level.upper())),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
