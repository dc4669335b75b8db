"""What a handler, or the dispatcher before it, answers instead of a page. Each becomes a page or a problem+json.

No detail that a person did not ask for: a failure of ours is in the log, under the number that the page shows.
"""

from __future__ import annotations

from typing import Final

from asn1.errors import LabError
from collector.desk.desk import Outcome

WORDS: Final = {
    400: "The request is not in order",
    401: "Nobody is signed in",
    403: "Refused",
    404: "There is no such page",
    405: "This page is not asked that way",
    409: "That cannot be done now",
    413: "That is too much at once",
    421: "This console is not reached under that name",
    429: "Too many attempts",
    500: "The console failed",
    503: "Not available now",
}


class HttpError(LabError):
    """`says` is the sentence of the page."""

    def __init__(self, status: int, says: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(says)
        self.status = status
        self.says = says
        self.headers = headers or {}


class NotFoundError(HttpError):
    """What is not there, or what nobody who asks may know of: the same octets for both (R-073)."""

    def __init__(self) -> None:
        super().__init__(404, "The address names nothing that you can see. Go back to your own pages.")


class DeniedError(HttpError):
    """The law says no. `outcome` has the rules; the page shows the whole chain."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__(403, "The rules do not allow this, to you, from here, now. Each of them is below.")
        self.outcome = outcome


class FormError(HttpError):
    """What was sent is not in order. `faults`: field to sentence."""

    def __init__(self, faults: dict[str, str]) -> None:
        super().__init__(400, "Some of what was sent is not in order.")
        self.faults = faults


class SignInFirstError(HttpError):
    def __init__(self, says: str = "Sign in to go on.") -> None:
        super().__init__(401, says)


class TooManyError(HttpError):
    def __init__(self, wait_s: float) -> None:
        seconds = max(1, round(wait_s))
        super().__init__(429, f"Wait {seconds} s, then try again.", {"Retry-After": str(seconds)})
