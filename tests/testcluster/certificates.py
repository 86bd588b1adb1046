"""Keys, certificates, tokens and kubeconfigs of one run, made with openssl in a tenth of a second.

One authority signs both what the API server shows its clients and what it shows the kubelet (without the latter
`kubectl logs` is refused). Components and the admin come with bearer tokens: simpler than seven certificates.
"""

from __future__ import annotations

import base64
import json
import secrets
import subprocess
from pathlib import Path

from tests.testcluster.interface import ClusterUnavailable

#: Token file entry by the short name of its kubeconfig: user and groups.
IDENTITIES = {
    "admin": ("admin", "system:masters"),
    "controller-manager": ("system:kube-controller-manager", ""),
    "scheduler": ("system:kube-scheduler", ""),
    "proxy": ("system:kube-proxy", ""),
    "kubelet": ("system:node:node-1", "system:nodes"),
    # KWOK plays kubelet for nodes of any name, which NodeRestriction rightly forbids to a kubelet's identity.
    "kwok": ("kwok", "system:masters"),
}


def issue(folder: Path, addresses: list[str]) -> None:
    """Write ca, apiserver and kubelet-client pairs and the service-account key pair into the folder."""
    _openssl(*_key_options(folder / "ca.key"), "-x509", "-days", "365", "-subj", "/CN=stepwright-test-ca",
             "-addext", "keyUsage=critical,keyCertSign,cRLSign", "-out", str(folder / "ca.crt"))  # fmt: skip
    names = ["DNS:localhost", "DNS:kubernetes", "DNS:kubernetes.default", "DNS:kubernetes.default.svc"]
    _sign(folder, "apiserver", "/CN=kube-apiserver", "serverAuth", names + [f"IP:{ip}" for ip in addresses])
    _sign(folder, "kubelet-client", "/O=system:masters/CN=kube-apiserver-kubelet-client", "clientAuth", [])
    private = str(folder / "service-accounts.key")
    _openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", private)
    _openssl("ec", "-in", private, "-pubout", "-out", str(folder / "service-accounts.pub"))


def write_tokens(folder: Path, server: str) -> None:
    """The API server's token file, and a kubeconfig for each identity."""
    rows = []
    for name, (user, group) in IDENTITIES.items():
        token = secrets.token_hex(16)
        rows.append(f'{token},{user},{user},"{group}"\n')
        write_kubeconfig(folder / f"{name}.kubeconfig", server, (folder / "ca.crt").read_bytes(), token)
    (folder / "tokens.csv").write_text("".join(rows))


def write_kubeconfig(path: Path, server: str, authority: bytes, token: str) -> None:
    """JSON, which every reader of YAML takes."""
    cluster = {"server": server, "certificate-authority-data": base64.b64encode(authority).decode()}
    context = {"cluster": "stepwright-test", "user": path.stem}
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "stepwright-test", "cluster": cluster}],
        "users": [{"name": path.stem, "user": {"token": token}}],
        "contexts": [{"name": "stepwright-test", "context": context}],
        "current-context": "stepwright-test",
    }
    path.touch(mode=0o600)
    path.write_text(json.dumps(config, indent=1))


def _sign(folder: Path, name: str, subject: str, usage: str, alternatives: list[str]) -> None:
    request = folder / f"{name}.csr"
    _openssl(*_key_options(folder / f"{name}.key"), "-subj", subject, "-out", str(request))
    extensions = folder / f"{name}.ext"
    lines = ["keyUsage=critical,digitalSignature", f"extendedKeyUsage={usage}"]
    if alternatives:
        lines.append("subjectAltName=" + ",".join(alternatives))
    extensions.write_text("\n".join(lines))
    _openssl("x509", "-req", "-in", str(request), "-CA", str(folder / "ca.crt"), "-CAkey", str(folder / "ca.key"),
             "-CAcreateserial", "-days", "365", "-extfile", str(extensions),
             "-out", str(folder / f"{name}.crt"))  # fmt: skip


def _key_options(key: Path) -> list[str]:
    # Elliptic keys: an RSA key takes up to a second to find.
    curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"]
    return ["req", "-new", *curve, "-noenc", "-keyout", str(key)]


def _openssl(*args: str) -> None:
    done = subprocess.run(["openssl", *args], text=True, capture_output=True, check=False)
    if done.returncode != 0:
        raise ClusterUnavailable(f"`openssl {args[0]}` failed: {done.stderr.strip()}")
