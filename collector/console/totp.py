"""One-time codes by RFC 6238 over HMAC-SHA-1, six digits, steps of thirty seconds. Pure: time is an argument.

A code is good for its step and one on either side (clocks differ), and for once: whoever checks keeps the last step
that was used and asks for a later one (RFC 6238 section 5.2).
"""

from __future__ import annotations

import base64
import hmac
from hashlib import sha1
from typing import Final
from urllib.parse import quote, urlencode

SECRET_OCTETS: Final = 20
"""RFC 4226 section 4, R6: 160 bits recommended."""
STEP_S: Final = 30
DIGITS: Final = 6
WINDOW_STEPS: Final = 1
ISSUER: Final = "calea-lab SIMULATION"


def code_at(secret: bytes, step: int) -> str:
    """The code of one time step (RFC 4226 section 5.3)."""
    digest = hmac.digest(secret, step.to_bytes(8, "big"), sha1)
    at = digest[-1] & 0x0F
    return f"{(int.from_bytes(digest[at : at + 4], 'big') & 0x7FFFFFFF) % 10**DIGITS:0{DIGITS}d}"


def step_at(now_us: int) -> int:
    return now_us // (STEP_S * 1_000_000)


def used_step(secret: bytes, code: str, now_us: int, last_step: int) -> int | None:
    """The step whose code this is, later than `last_step`; None for a wrong, stale or used code."""
    found: int | None = None
    now = step_at(now_us)
    # Each is compared, so that how long it takes says nothing.
    for step in range(now - WINDOW_STEPS, now + WINDOW_STEPS + 1):
        if hmac.compare_digest(code_at(secret, step).encode(), code.strip().encode()) and step > last_step:
            found = step
    return found


def secret_text(secret: bytes) -> str:
    """As an authenticator takes it by hand: base32 without padding, in groups of four."""
    text = base64.b32encode(secret).decode().rstrip("=")
    return " ".join(text[at : at + 4] for at in range(0, len(text), 4))


def secret_uri(secret: bytes, account: str) -> str:
    """The `otpauth://` address of a secret, for an authenticator on the same machine."""
    label = quote(f"{ISSUER}:{account}")
    key = base64.b32encode(secret).decode().rstrip("=")
    parameters = {"secret": key, "issuer": ISSUER, "algorithm": "SHA1", "digits": DIGITS, "period": STEP_S}
    return f"otpauth://totp/{label}?{urlencode(parameters, quote_via=quote)}"
