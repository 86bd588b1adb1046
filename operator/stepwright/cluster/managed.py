"""Whether something keeps an object as it stands in Git, so that what people change in the cluster is soon changed back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

_ARGO_CD: Final = ("argocd.argoproj.io/tracking-id", "argocd.argoproj.io/instance")
_FLUX: Final = ("kustomize.toolkit.fluxcd.io/name", "helm.toolkit.fluxcd.io/name")


def managed_by(labels: Mapping[str, str], annotations: Mapping[str, str]) -> str | None:
    """What does, in words: `Argo CD (shop)`. Which of Argo CD's two marks an object has depends on how that is set up.

    https://argo-cd.readthedocs.io/en/stable/user-guide/resource_tracking/, https://fluxcd.io/flux/components/kustomize/kustomizations/
    """
    marks = {**labels, **annotations}
    for name, keys in (("Argo CD", _ARGO_CD), ("Flux", _FLUX)):
        for key in keys:
            if key in marks:
                # A tracking id is APPLICATION:GROUP/KIND:NAMESPACE/NAME.
                return f"{name} ({marks[key].partition(':')[0]})"
    return None
