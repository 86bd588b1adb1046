"""Stepwright: AWS Step Functions for any Kubernetes cluster.

The packages are layers, and imports point down only: ``pyproject.toml`` has the contracts, ``docs/architecture.md`` what
each package knows.
"""

__all__ = ["__version__"]

__version__ = "0.1.0"
