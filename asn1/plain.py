"""What the interpreted path needs of the `cython` module, for an environment that has no Cython.

The kernels are ordinary Python, typed by the `.pxd` beside them; interpreted, they use of `cython` only what is here.
mypy reads this in place of `cython` everywhere, and so leaves the branches of the compiled path alone.
"""

from __future__ import annotations

from contextlib import nullcontext
from typing import Final, Literal

compiled: Literal[False] = False

nogil: Final[nullcontext[None]] = nullcontext()
