"""Before anything is measured: every request of a row passes, and every protection that a proxy has refuses."""

import ssl

import httpx

from bench.rows import REFUSALS, ROWS, Refusal, Row
from bench.stand import Started
from bench.tokens import Issuer


class Unprotected(Exception):
    """A proxy let pass what it is configured to refuse, or refused what it must pass: measuring it would be unfair."""


def send(client: httpx.Client, port: int, asked: Row | Refusal, issuer: Issuer) -> int:
    headers = {"Authorization": f"Bearer {issuer.tokens[asked.token]}"} if asked.token else {}
    if asked.body is not None:
        headers["Content-Type"] = "application/json"
    scheme = asked.scheme if isinstance(asked, Row) else "http"
    url = f"{scheme}://127.0.0.1:{port}{asked.path}"
    return client.request(asked.method, url, headers=headers, content=asked.body).status_code


def prove(started: Started, issuer: Issuer) -> None:
    """Raise Unprotected at the first request that passes and must not, or is refused and must pass."""
    name = started.proxy.name
    trusted = ssl.create_default_context(cafile=started.authority)
    trusted.minimum_version = ssl.TLSVersion.TLSv1_3
    with httpx.Client(trust_env=False, verify=trusted) as client:
        for row in ROWS:
            if row.key in started.proxy.rows:
                status = send(client, started.ports[row.listener], row, issuer)
                if not httpx.codes.is_success(status):
                    raise Unprotected(f"{name}: {row.title}: {status}, expected success")
        for refusal in REFUSALS:
            if refusal.protection in started.proxy.protections:
                port = started.ports["guarded"]
                statuses = [send(client, port, refusal, issuer) for _ in range(refusal.repeat)]
                if statuses[-1] not in refusal.statuses:
                    raise Unprotected(f"{name}: {refusal.what}: {statuses[-1]}, expected {sorted(refusal.statuses)}")
                print(f"{name:<15} {refusal.what}: {statuses[-1]}", flush=True)
