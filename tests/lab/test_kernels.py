"""The kernels as the front door sees them, wherever it is called from."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from lab import kernels
from mediation.runtime.config import NotReadyError


def test_all_kernels_are_seen_and_compiled_from_any_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    here = kernels.kernel_names()
    assert {"asn1.scan", "collector.gate_columns", "collector.store.pack", "mediation.ledger.kernel"} <= set(here)
    monkeypatch.chdir(tmp_path)
    assert kernels.kernel_names() == here
    assert kernels.missing_kernels() == ()
    kernels.require_compiled()


def test_a_kernel_that_is_not_compiled_is_an_error_and_never_a_slow_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kernels, "PACKAGES", (*kernels.PACKAGES, "plainpackage"))
    package = tmp_path / "plainpackage"
    package.mkdir()
    for name in ("__init__.py", "slow.py", "slow.pxd"):
        (package / name).touch()
    monkeypatch.setattr(kernels, "ROOT", tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    try:
        with pytest.raises(NotReadyError, match=r"Not compiled: plainpackage\.slow\. Run `make setup`"):
            kernels.require_compiled()
    finally:
        sys.modules.pop("plainpackage", None)


def test_a_tree_without_kernels_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kernels, "ROOT", tmp_path)
    with pytest.raises(NotReadyError, match="holds no kernels"):
        kernels.require_compiled()
