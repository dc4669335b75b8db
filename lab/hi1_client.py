"""The lab court's end of HI1: a document, or a question, to a receiver over HTTPS with the court's certificate.

    Hi1Client(paths).send("mediation", document)      the receiver's answer, or None when nobody answers there
    Hi1Client(paths).ask("collector", body, …)        answers to GET, LIST, GETCSPCONFIG

Where each receiver listens is in the run's `hi1.json`, written with the configurations. A receiver that shows another
certificate than its own is not spoken to. Of a fleet's collectors whoever answers speaks for all: what one lets in the
others get from it. Blocking, with a time limit.
"""

from __future__ import annotations

import base64
import http.client
import json
import ssl
import time
import uuid
from typing import Any, Final
from urllib.parse import urlsplit

from asn1.errors import DecodeError, RemoteError
from asn1.hi1 import MAX_OCTETS, build_message, parse_message, request
from asn1.hi1_messages import Get, GetConfig, Header, HI1Message, ListObjects
from lab.fleet.of_run import base
from lab.paths import RunPaths
from mediation.law.hi1_envelope import SIGNATURE, split_envelope
from mediation.law.hi1_orders import RECEIVER, SENDER
from mediation.law.hi1_workflows import path_of
from mediation.runtime.config import TlsConfig
from mediation.runtime.tls import client_context, names_in

TIMEOUT_S: Final = 5.0
COURT: Final = "court"
"""The name of the court's certificate in the lab's CA directory."""


class Hi1Client:
    def __init__(self, paths: RunPaths) -> None:
        self._paths = paths
        self._made: ssl.SSLContext | None = None

    def send(self, process: str, document: bytes) -> HI1Message | None:
        """Post a signed document. Raises RemoteError for an answer that is none."""
        xml, key_id, signature = split_envelope(document)
        headers = {SIGNATURE: f"{key_id}:{base64.b64encode(signature).decode()}"}
        return self._post(process, path_of(parse_message(xml).header.workflow), xml, headers)

    def ask(self, process: str, *bodies: Get | ListObjects | GetConfig) -> HI1Message:
        """Ask what stands. Raises RemoteError when nobody answers, or something unsound."""
        header = Header(SENDER, RECEIVER, uuid.uuid4(), time.time_ns() // 1000)
        answer = self._post(process, "/", build_message(request(header, *bodies)), {})
        if answer is None:
            raise RemoteError(f"Nobody answers HI1 for {process}: start the run with `calea-lab up`.")
        return answer

    def _post(self, process: str, path: str, body: bytes, headers: dict[str, str]) -> HI1Message | None:
        for endpoint in self._endpoints(process):
            answer = self._post_to(endpoint, process, path, body, headers)
            if answer is not None:
                return answer
        return None

    def _post_to(
        self, endpoint: dict[str, Any], process: str, path: str, body: bytes, headers: dict[str, str]
    ) -> HI1Message | None:
        parts = urlsplit(str(endpoint["url"]))
        connection = http.client.HTTPSConnection(
            str(parts.hostname), parts.port, timeout=TIMEOUT_S, context=self._context()
        )
        try:
            connection.connect()
            names = names_in(connection.sock.getpeercert()) if isinstance(connection.sock, ssl.SSLSocket) else ()
            if endpoint["name"] not in names:
                return None
            connection.request("POST", path, body, {"Content-Type": "application/xml", **headers})
            answer = connection.getresponse()
            octets = answer.read(MAX_OCTETS + 1)
        except (OSError, http.client.HTTPException):
            return None
        finally:
            connection.close()
        if answer.status != 200:
            raise RemoteError(f"{process} answers HI1 with HTTP status {answer.status}.")
        try:
            return parse_message(octets)
        except DecodeError as error:
            raise RemoteError(f"{process} answers HI1 with something unsound: {error}.") from error

    def _endpoints(self, process: str) -> list[dict[str, Any]]:
        try:
            known = json.loads(self._paths.hi1_endpoints.read_text())
            found = [known[process]] if process in known else [known[name] for name in known if base(name) == process]
        except (OSError, ValueError, TypeError):
            return []
        return [one for one in found if isinstance(one, dict)]

    def _context(self) -> ssl.SSLContext:
        if self._made is None:
            ca = self._paths.ca
            self._made = client_context(
                TlsConfig(certificate=ca / f"{COURT}.pem", key=ca / f"{COURT}.key", ca=ca / "ca.pem")
            )
        return self._made


def refusal_text(answer: HI1Message) -> str:
    """Why the receiver refused the whole of a request; empty when it did not."""
    return "" if answer.error is None else f"{answer.error.code}: {answer.error.description}"
