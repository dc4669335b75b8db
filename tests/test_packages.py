"""The house itself: whose packages are loaded, that nobody real is named in it, that nothing listens to a network."""

from __future__ import annotations

import importlib
import ipaddress
import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import BaseModel, ValidationError

from carrier_sim.subscribers import is_fictional_address, is_fictional_number
from lab.kernels import kernel_names, missing_kernels
from mediation.runtime.config import EXPOSED_WORDS, Listen

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("asn1", "mediation", "carrier_sim", "collector", "lab")
TEXT = {".py", ".md", ".toml", ".json", ".yaml", ".yml", ".xml", ".txt", ".sh"}
MADE = {".git", ".venv", "build", "var", "reports", ".hypothesis", ".mypy_cache", ".ruff_cache", ".pytest_cache"}

NUMBER = re.compile(r"(?:\+|tel:|sip:\+?|[\"'])(1[2-9]\d\d[2-9]\d{6})(?!\d)")
IMSI = re.compile(r"[\"'](\d{15})[\"']")
ADDRESS = re.compile(r"(?<![\d.])((?:1[1-9]|[2-9]\d|1\d\d|2[0-4]\d|25[0-5])(?:\.(?:\d{1,3})){3})(?![\d.]|/\d)")


def texts() -> Iterator[tuple[Path, str]]:
    """Everything committed but the tests' code, which has to show what is refused."""
    for place, directories, names in os.walk(ROOT):
        # Not gone into: the environment alone has ten times as many files as the tree.
        directories[:] = sorted(set(directories) - MADE)
        for path in (Path(place, name) for name in sorted(names)):
            inside = path.relative_to(ROOT)
            if path.suffix in TEXT and path.is_file() and (inside.parts[0] != "tests" or path.suffix != ".py"):
                yield inside, path.read_text("utf-8")


@pytest.mark.parametrize("name", PACKAGES)
def test_the_loaded_package_is_ours(name: str) -> None:
    """A public package is called asn1 too: ours has to win."""
    module = importlib.import_module(name)
    assert module.__file__ is not None
    assert Path(module.__file__).resolve().parent == ROOT / name


def test_the_kernels_are_compiled() -> None:
    assert kernel_names()
    assert missing_kernels() == (), "run make, which builds them"


def test_numbers_in_the_tree_belong_to_nobody() -> None:
    real = [
        (str(path), number)
        for path, text in texts()
        for number in NUMBER.findall(text)
        if not is_fictional_number(number)
    ]
    assert not real


def test_imsis_in_the_tree_belong_to_the_test_network() -> None:
    real = [(str(path), imsi) for path, text in texts() for imsi in IMSI.findall(text) if not imsi.startswith("00101")]
    assert not real


def test_addresses_in_the_tree_are_documentation_addresses() -> None:
    real = []
    for path, text in texts():
        for found in ADDRESS.findall(text):
            try:
                address = ipaddress.ip_address(found)
            except ValueError:
                continue
            if not (address.is_loopback or is_fictional_address(found)):
                real.append((str(path), found))
    assert not real


def listeners(model: type[BaseModel]) -> Iterator[tuple[str, Listen]]:
    for name, field in model.model_fields.items():
        if isinstance(field.default, Listen):
            yield f"{model.__name__}.{name}", field.default


@pytest.mark.parametrize("package", ["carrier_sim", "mediation", "collector"])
def test_listeners_are_loopback_by_default(package: str) -> None:
    module = importlib.import_module(f"{package}.config")
    models = [one for one in vars(module).values() if isinstance(one, type) and issubclass(one, BaseModel)]
    for name, listen in (found for model in models for found in listeners(model)):
        assert ipaddress.ip_address(listen.host).is_loopback, name
    assert ipaddress.ip_address(Listen().host).is_loopback


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "example.invalid"])
def test_another_address_must_be_meant_in_words(host: str) -> None:
    with pytest.raises(ValidationError, match="not loopback"):
        Listen(host=host)
    assert Listen(host=host, exposed=EXPOSED_WORDS).host == host
