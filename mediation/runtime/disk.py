"""What a person is told to do when a disk or a directory fails: by the error's number, one clause.

Rules. The advice fits what happened: who has no room is told to make some, not to change permissions.
"""

from __future__ import annotations

import errno
from typing import Final

_SPACE: Final = "make room on its file system and start again"
_WRITABLE: Final = "make it writable (look for a mount gone read-only) and start again"
_GONE: Final = "bring the directory back (look for a mount that is gone) and start again"
_TAKEN: Final = "something else has that name: move it away, or configure another place"
_WHAT_TO_DO: Final = {
    errno.ENOSPC: _SPACE,
    errno.EDQUOT: _SPACE,
    errno.EFBIG: _SPACE,
    errno.EROFS: _WRITABLE,
    errno.EACCES: _WRITABLE,
    errno.EPERM: _WRITABLE,
    errno.ENOENT: _GONE,
    errno.ESTALE: _GONE,
    errno.ENOTCONN: _GONE,
    errno.EEXIST: _TAKEN,
    errno.ENOTDIR: _TAKEN,
    errno.EISDIR: _TAKEN,
}


def what_to_do(error: OSError) -> str:
    """A clause, without its full stop."""
    return _WHAT_TO_DO.get(error.errno or 0, "look at the disk and its kernel messages before starting again")


def advice(error: OSError) -> str:
    """The same as a sentence."""
    clause = what_to_do(error)
    return f"{clause[0].upper()}{clause[1:]}."
