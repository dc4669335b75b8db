"""One request over HTTP and its answer: bounded, never redirected, and over TLS from the peer that was meant.

X1 and HI1 both post XML and get XML (TS 103 221-1 clause 7.2.2.2, TS 103 120 clause 9.3, third-party readings). Where
the other side's certificate must name an identity, `Peer.name` is that name: the handshake fails otherwise.
"""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from typing import Final

import aiohttp

from asn1.errors import DecodeError

TIMEOUT_S: Final = 5.0
XML: Final = "application/xml"


class RedirectedError(DecodeError):
    """The other side sends us to another address (R-078)."""

    def __init__(self) -> None:
        super().__init__(DecodeError.BAD_VALUE, "it sends us to another address")


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where to post. `name` is what the peer's certificate has to be for; without it the URL's host."""

    url: str
    tls: ssl.SSLContext | None = None
    name: str | None = None


def new_session(timeout_s: float = TIMEOUT_S) -> aiohttp.ClientSession:
    """Bounded in time; cookies and proxies of the environment play no part."""
    return aiohttp.ClientSession(
        timeout=aiohttp.ClientTimeout(total=timeout_s), cookie_jar=aiohttp.DummyCookieJar(), trust_env=False
    )


async def exchange(session: aiohttp.ClientSession, to: Endpoint, request: bytes, most_octets: int) -> bytes:
    """The body of the answer. Raises aiohttp.ClientError or TimeoutError when nobody answers, DecodeError for any other
    status than 200 and for more than `most_octets`."""
    async with session.post(
        to.url,
        data=request,
        headers={"Content-Type": XML},
        ssl=to.tls if to.tls is not None else True,
        server_hostname=to.name if to.tls is not None else None,
        allow_redirects=False,
    ) as response:
        if 300 <= response.status < 400:
            raise RedirectedError
        if response.status != 200:
            raise DecodeError(DecodeError.BAD_VALUE, f"HTTP status {response.status}")
        octets = bytearray()
        async for piece in response.content.iter_any():
            octets += piece
            if len(octets) > most_octets:
                raise DecodeError(DecodeError.OVERSIZED, f"an answer of more than {most_octets} octets")
        return bytes(octets)
