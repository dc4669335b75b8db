"""The one error root of the project and its few branches.

The branch says whose fault it is: `RemoteError` the peer's, `LocalError` ours or our configuration's,
`RefusedError` nobody's fault but a policy's. A decoder raises `DecodeError` and nothing else, for any octets.
"""

from __future__ import annotations

from typing import Final


class LabError(Exception):
    """Root of every error this project raises on purpose."""


class RemoteError(LabError):
    """A peer broke the protocol."""


class LocalError(LabError):
    """We were misused, misconfigured, or the machine failed us. The message says what to do."""


class RefusedError(LabError):
    """A policy said no. The message names the rule."""


class EncodeError(LocalError):
    """A value does not fit the record description it was to be encoded by."""


class DecodeError(RemoteError):
    """Octets that are not the record they should be.

    `code` is one of `CODES`; `offset` counts octets from the start of what was given to the decoder; `path` names the
    fields walked so far, outermost first (`pSHeader.communicationIdentifier`).
    """

    TRUNCATED: Final = "TRUNCATED"
    OVERSIZED: Final = "OVERSIZED"
    BAD_LENGTH: Final = "BAD_LENGTH"
    BAD_TAG: Final = "BAD_TAG"
    BAD_VALUE: Final = "BAD_VALUE"
    MISSING_FIELD: Final = "MISSING_FIELD"
    TOO_DEEP: Final = "TOO_DEEP"
    TOO_MANY: Final = "TOO_MANY"
    WRONG_DIALECT: Final = "WRONG_DIALECT"

    CODES: Final = (
        TRUNCATED,
        OVERSIZED,
        BAD_LENGTH,
        BAD_TAG,
        BAD_VALUE,
        MISSING_FIELD,
        TOO_DEEP,
        TOO_MANY,
        WRONG_DIALECT,
    )

    def __init__(self, code: str, message: str, offset: int = 0, path: str = "") -> None:
        super().__init__(f"{code} at octet {offset}{f' in {path}' if path else ''}: {message}")
        self.code = code
        self.message = message
        self.offset = offset
        self.path = path

    def within(self, path: str, offset: int = 0) -> DecodeError:
        """The same error seen from an enclosing record: `path` goes in front, `offset` is added."""
        joined = f"{path}.{self.path}" if self.path else path
        return DecodeError(self.code, self.message, self.offset + offset, joined)
