"""The headers of every answer, whatever it is: page, picture, stream, error.

Nothing comes from elsewhere, nothing runs inline, nobody frames it, nothing stays in a cache but what is under a name
of its own octets. The referrer policy is `same-origin`: with `no-referrer` a browser sends `Origin: null` with a form,
and the origin of a write could not be checked. There is no HSTS: it would hold for every port of a host, and other
parts of the lab speak plain HTTP on loopback.
"""

from __future__ import annotations

from typing import Final

from aiohttp import web

CONTENT_SECURITY_POLICY: Final = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "font-src 'self'",
        "connect-src 'self'",
        "media-src 'self'",
        "worker-src 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
    )
)

HEADERS: Final = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "X-Simulation": "SIMULATION",
}
SANDBOXED: Final = f"{CONTENT_SECURITY_POLICY}; sandbox"
"""For what came over the wire and is handed to a browser as it is: a picture of an MMS, a file."""


async def put_headers(request: web.Request, response: web.StreamResponse) -> None:
    """A handler of `on_response_prepare`. What a response says itself about caching and its policy holds."""
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    response.headers.setdefault("Cache-Control", "no-store")
    response.headers["Server"] = "calea-lab"
