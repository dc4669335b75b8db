"""The headers of every answer, and what is served from the disk."""

from __future__ import annotations

import hashlib

import pytest

from collector.console.headers import CONTENT_SECURITY_POLICY
from collector.console.static_files import ROOT, StaticFiles
from tests.collector.console.world import World


@pytest.mark.parametrize("path", ["/sign-in", "/", "/nothing", "/lab-ca", "/lab-ca/ca.pem", "/healthz", "/api/v1/no"])
async def test_every_answer_has_the_strict_headers(console: World, path: str) -> None:
    answer = await (await console.browser()).get(path)
    assert answer.headers["Content-Security-Policy"] == CONTENT_SECURITY_POLICY
    assert "unsafe" not in CONTENT_SECURITY_POLICY and "data:" not in CONTENT_SECURITY_POLICY
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert answer.headers["Referrer-Policy"] == "same-origin"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Server"] == "calea-lab"


async def test_static_files_are_kept_under_the_name_of_their_octets(console: World) -> None:
    browser, static = await console.browser(), console.opened.context.static
    answer = await browser.get(static.url("console.css"))
    assert answer.status == 200 and "immutable" in answer.headers["Cache-Control"]
    assert (await browser.get(static.url("console.css").replace(static.name, "0" * 16))).status == 404


@pytest.mark.parametrize(
    "name",
    [
        "../console.py",
        "..%2f..%2fconfig.py",
        "%2e%2e/%2e%2e/config.py",
        "vendor/SHA256SUMS",
        "/etc/passwd",
        "console.css%00",
    ],
)
async def test_attack_a_path_out_of_the_static_files_leads_nowhere(console: World, name: str) -> None:
    browser = await console.browser()
    answer = await browser.get(f"/static/{console.opened.context.static.name}/{name}")
    assert answer.status in (400, 404)


def test_vendored_files_are_as_their_makers_published_them() -> None:
    vendor = ROOT / "vendor"
    sums = dict(reversed(line.split("  ")) for line in (vendor / "SHA256SUMS").read_text().splitlines())
    files = {one.relative_to(vendor).as_posix() for one in vendor.rglob("*") if one.is_file()} - {"SHA256SUMS"}
    assert set(sums) == files
    for name, digest in sums.items():
        assert hashlib.sha256((vendor / name).read_bytes()).hexdigest() == digest, name
    assert all((vendor / one / "LICENSE").is_file() for one in {name.split("/")[0] for name in files})


def test_a_template_that_names_no_file_is_an_error() -> None:
    with pytest.raises(KeyError, match=r"nothing\.js"):
        StaticFiles().url("nothing.js")
