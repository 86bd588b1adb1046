"""Stepwright: AWS Step Functions for any Kubernetes cluster.

The packages are layers; imports point down only (the contracts are in ``pyproject.toml``):

``cli`` > ``controllers`` > ``tasks`` > ``cluster`` > ``engine`` > ``asl``
"""

__all__ = ["__version__"]

__version__ = "0.1.0"
