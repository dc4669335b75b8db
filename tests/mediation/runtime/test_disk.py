"""Advice fits what happened."""

from __future__ import annotations

import errno

import pytest

from mediation.runtime.disk import advice, what_to_do


@pytest.mark.parametrize(
    ("number", "word"),
    [
        (errno.ENOSPC, "make room"),
        (errno.EDQUOT, "make room"),
        (errno.EROFS, "make it writable"),
        (errno.EACCES, "make it writable"),
        (errno.ENOENT, "bring the directory back"),
        (errno.ENOTDIR, "something else has that name"),
        (errno.EIO, "kernel messages"),
    ],
)
def test_what_to_do_is_about_what_happened(number: int, word: str) -> None:
    error = OSError(number, "no matter")
    assert word in what_to_do(error)
    assert advice(error)[0].isupper() and advice(error).endswith(".") and advice(error)[1:-1] == what_to_do(error)[1:]
    others = {"make room", "make it writable"} - {word}
    assert not any(one in what_to_do(error) for one in others)
