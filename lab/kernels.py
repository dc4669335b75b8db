"""The compiled kernels seen from outside: which there are, which are missing, and the same code interpreted.

A kernel is a `.py` with a `.pxd` beside it (docs/adr/0002-one-source-two-paths.md). A slow collector that works is a
trap in a lab that measures, so the front door says when a kernel is not compiled instead of going on quietly.
"""

from __future__ import annotations

import importlib
import importlib.machinery
import importlib.util
import sys
from pathlib import Path
from types import ModuleType

from mediation.runtime.config import NotReadyError

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("asn1", "carrier_sim", "collector", "mediation")


def kernel_names() -> tuple[str, ...]:
    """Module names of all kernels, sorted."""
    found = [path.with_suffix(".py") for package in PACKAGES for path in (ROOT / package).rglob("*.pxd")]
    sources = [path.relative_to(ROOT) for path in found if path.exists()]
    return tuple(sorted(".".join(path.with_suffix("").parts) for path in sources))


def missing_kernels() -> tuple[str, ...]:
    """Those that would run interpreted: no compiled file where Python looks first."""
    missing = []
    for name in kernel_names():
        spec = importlib.util.find_spec(name)
        if spec is None or spec.origin is None or not spec.origin.endswith(".so"):
            missing.append(name)
    return tuple(missing)


def require_compiled() -> None:
    """Raises `NotReadyError` when a kernel is not compiled."""
    missing = missing_kernels()
    if not kernel_names():
        raise NotReadyError(f"{ROOT} holds no kernels: run from the project's own tree, after `make setup`.")
    if missing:
        raise NotReadyError(f"Not compiled: {', '.join(missing)}. Run `make setup`, which builds them.")


def interpreted(*names: str) -> tuple[ModuleType, ...]:
    """Private copies of the modules named, built on kernels read from their `.py`; what is loaded stays as it is.

    Errors keep their class (`asn1.errors` is shared), so that callers catch what they always catch.
    """
    before = _loaded()
    _forget(before)
    finder = use_sources()
    try:
        return tuple(importlib.import_module(name) for name in names)
    finally:
        sys.meta_path.remove(finder)
        _forget(_loaded())
        for name, module in before.items():
            sys.modules[name] = module
        for name, module in before.items():
            package, _, last = name.rpartition(".")
            setattr(sys.modules[package], last, module)


def use_sources() -> SourceFinder:
    """From now on kernels are imported from their `.py`; what is loaded stays. Returns what does it, in
    `sys.meta_path`."""
    finder = SourceFinder(frozenset(kernel_names()))
    sys.meta_path.insert(0, finder)
    return finder


def _loaded() -> dict[str, ModuleType]:
    return {
        name: module
        for name, module in sys.modules.items()
        if "." in name and name.split(".")[0] in PACKAGES and name != "asn1.errors"
    }


def _forget(modules: dict[str, ModuleType]) -> None:
    """Out of `sys.modules`, and out of their packages too: `from asn1 import scan` looks there first."""
    for name in modules:
        package, _, last = name.rpartition(".")
        vars(sys.modules.get(package, modules.get(package))).pop(last, None)
        del sys.modules[name]


class SourceFinder:
    """Finds the `.py` of a kernel where the import system would take the `.so`."""

    def __init__(self, kernels: frozenset[str]) -> None:
        self._kernels = kernels

    def find_spec(self, name: str, path: object = None, target: object = None) -> importlib.machinery.ModuleSpec | None:
        if name not in self._kernels:
            return None
        return importlib.util.spec_from_file_location(name, ROOT / f"{name.replace('.', '/')}.py")
