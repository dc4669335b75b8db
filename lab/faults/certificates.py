"""TLS at both ends of a link: honest, or with the certificate that a fault shows."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from typing import Literal

from lab.faults.board import Board
from lab.faults.config import FaultLink
from mediation.runtime.config import TlsConfig
from mediation.runtime.tls import client_context, server_context

End = Literal["client", "server"]


@dataclass(slots=True)
class Certificates:
    """Contexts of one link, by what is shown: "" for its own certificate, or the kind of a fault."""

    board: Board
    link: str
    server: dict[str, ssl.SSLContext]
    client: dict[str, ssl.SSLContext]

    @classmethod
    def of(cls, board: Board, link: FaultLink, others: dict[str, TlsConfig | None]) -> Certificates:
        """Raises NotReadyError when a file cannot be loaded."""
        server: dict[str, ssl.SSLContext] = {}
        client: dict[str, ssl.SSLContext] = {}
        if link.listen.tls is not None:
            server = {"": server_context(link.listen.tls)}
        if link.to.tls is not None:
            client = {"": client_context(link.to.tls)}
        for kind, files in others.items():
            if files is None:
                continue
            if link.listen.tls is not None:
                # Whom it asks for a certificate, and whose it takes, stays as it was.
                server[kind] = server_context(files.model_copy(update={"ca": link.listen.tls.ca}))
            if link.to.tls is not None:
                client[kind] = client_context(files.model_copy(update={"ca": link.to.tls.ca}))
        made = cls(board, link.name, server, client)
        if server:
            server[""].sni_callback = made._chosen
        return made

    def listening(self) -> ssl.SSLContext | None:
        """For the listener; which certificate is shown is settled at each handshake."""
        return self.server.get("")

    def connecting(self) -> ssl.SSLContext | None:
        return self.client.get(self._shown("server"), self.client.get("")) if self.client else None

    def _chosen(self, connection: ssl.SSLObject, _name: str | None, _context: ssl.SSLContext) -> None:
        shown = self._shown("client")
        if shown in self.server:
            connection.context = self.server[shown]

    def _shown(self, toward: End) -> str:
        for one in self.board.on(self.link, "wrong_certificate", "expired_certificate"):
            if one.request.toward == toward:
                one.hits += 1
                return one.request.kind
        return ""
