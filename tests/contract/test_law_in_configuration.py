"""What the rules leave open (section J) is said in configuration files, and each process does as its file says."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from collector.config import CollectorConfig
from collector.desk.config import DeskConfig
from collector.desk.desk import Desk
from collector.desk.service import DeskKeeper
from collector.links import link_state
from collector.opening import open_registry
from collector.reconcile.config import ReconcileConfig
from collector.reconcile.service import Reconciler
from collector.service import Service
from lab import toml
from lab.papers import lab_papers
from lab.times import when_us
from mediation.config import MediationConfig
from mediation.faults import Faults
from mediation.law.court_days import add_court_days
from mediation.law.documents import make_document, order_from_fields
from mediation.law.orders import CourtOrder
from mediation.law.settings import LawSettings
from mediation.runtime.clock import ManualClock
from mediation.runtime.config import PLAIN_WORDS, ConfigError, load_config
from mediation.service import open_admf

COURT = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
# Between them the clocks of the court's zone go back an hour: thirty days of the calendar are 721 hours.
START = when_us("2026-10-15T04:00:00Z", 0, "start")
END = add_court_days(START, 30)
PROCESSES = ("collector", "mediation", "reconciler", "desk")


def warrant() -> CourtOrder:
    fields = {
        "order_id": "O-1", "kind": "EAVESDROPPING", "liid": "LAB-1", "targets": ["e164:12125550101"],
        "services": ["VOICE"], "start": START, "end": END, "issued_at": START,
    }  # fmt: skip
    return order_from_fields(fields)


def emergency() -> CourtOrder:
    fields = {
        "order_id": "O-2", "kind": "EXIGENT_PRTT", "liid": "LAB-2", "targets": ["e164:12125550102"],
        "start": START, "end": START + 86_400_000_000, "activated_at": START,
    }  # fmt: skip
    return order_from_fields(fields)


class Place:
    """An inbox with both orders, and the configuration file of each process with a `[law]` of its own."""

    def __init__(self, directory: Path, law: dict[str, Any]) -> None:
        self.directory, self.law = directory, law
        self.inbox = directory / "inbox"
        self.inbox.mkdir()
        for key, name in ((COURT.public_key(), "court.pub"),):
            form = serialization.PublicFormat.SubjectPublicKeyInfo
            (directory / name).write_bytes(key.public_bytes(serialization.Encoding.PEM, form))
        papers = replace(lab_papers(emergency()), order_paper=None)
        for order, given in ((warrant(), lab_papers(warrant())), (emergency(), papers)):
            (self.inbox / f"{order.order_id}.json").write_bytes(make_document(order, COURT, papers=given))

    def config(self, model: Any, **values: Any) -> Any:
        path = self.directory / "process.toml"
        shared = {
            "data_dir": self.directory / "data",
            "court_public_key": self.directory / "court.pub",
            "hi1_inbox": self.inbox,
        }
        path.write_text(toml.dumps({**shared, **values, "law": self.law}))
        return load_config(path, model)

    def collector(self) -> CollectorConfig:
        return self.config(CollectorConfig, links=[{"name": "hi2-1", "interface": "HI2"}])

    def taken_in(self, process: str) -> set[str]:
        """The orders that a process of this name lets in."""
        if process == "collector":
            registry = open_registry(self.collector(), lambda kind, fields: None)
            registry.reload()
            return {str(one.order_id) for one in registry.current()}
        if process == "mediation":
            peers = {name: {"port": port} for port, name in enumerate(("hi2", "hi3"), 1)}
            more = {
                "x1_plain": PLAIN_WORDS,
                "x1_url": "http://127.0.0.1:1/X1",
                "ne_id": "ne",
                "admf_id": "a",
                "network_functions": {},
            }
            (self.directory / "data").mkdir()
            config = self.config(MediationConfig, **more, **peers)
            admf = open_admf(config, ManualClock(START), Faults(config.faults))
            admf.read_inbox()
            return {str(one.order_id) for one in admf.orders.values()}
        if process == "desk":
            Desk.open(self.directory / "data").close()
            keeper = DeskKeeper(self.config(DeskConfig), ManualClock(START))
            keeper.poll()
            return {str(one.order_id) for one in keeper._registry.current()}
        paths = {name: self.directory / name for name in ("store", "audit", "public_key")}
        element = {"url": "http://127.0.0.1:1/X1", "ne_id": "ne", "admf_id": "r", "plain": PLAIN_WORDS}
        reconciler = Reconciler(self.config(ReconcileConfig, elements=[element], collector=paths))
        return {one.order_id for one in reconciler._orders.read()}


@pytest.mark.parametrize("process", PROCESSES)
@pytest.mark.parametrize(
    ("law", "taken"),
    [({}, {"O-1", "O-2"}), ({"strict_days": True}, {"O-2"}), ({"order_may_follow": False}, {"O-1"})],
    ids=["as it is", "strict days", "no order may follow"],
)
def test_every_process_lets_in_what_its_file_says(
    tmp_path: Path, process: str, law: dict[str, Any], taken: set[str]
) -> None:
    """C3 and C5: a warrant over the end of summer time, and an emergency whose order is to follow."""
    assert Place(tmp_path, law).taken_in(process) == taken


def test_the_numbers_of_signalling_and_spot_checks_reach_gate_quality_and_minimising(tmp_path: Path) -> None:
    law = {
        "cii_within_us": 1, "cii_share_percent": 50, "skew_us": 2, "skew_hard_us": 3,
        "spot_check_us": 4, "spot_check_every_us": 5,
    }  # fmt: skip
    place = Place(tmp_path, law)
    config = place.collector()
    link = link_state(config.links[0], config.law, False)
    assert (link.policy.skew_us, link.policy.skew_hard_us, link.limits.skew_us) == (2, 3, 2)
    limits = link.quality.limits
    assert (limits.within_us, limits.share_percent, limits.skew_us) == (1, 50, 2)
    assert config.law == LawSettings(**law)


def test_a_skew_that_a_link_says_itself_is_the_link_s(tmp_path: Path) -> None:
    place = Place(tmp_path, {"skew_us": 2, "skew_hard_us": 9})
    one = {"name": "hi2-1", "policy": {"skew_us": 7}}
    config = place.config(CollectorConfig, links=[one])
    policy = link_state(config.links[0], config.law, False).policy
    assert (policy.skew_us, policy.skew_hard_us) == (7, 9)


async def test_spot_checks_are_as_long_and_as_often_as_the_file_says(tmp_path: Path) -> None:
    key = tmp_path / "quarantine.pub"
    public = X25519PrivateKey.generate().public_key()
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    key.write_bytes(public.public_bytes(serialization.Encoding.PEM, form))
    place = Place(tmp_path, {"spot_check_us": 4, "spot_check_every_us": 5})
    links = [{"name": "hi2-1"}]
    config = place.config(CollectorConfig, links=links, quarantine_public_key=key)
    checks = Service(config)._minimised.checks
    assert (checks.length_us, checks.every_us) == (4, 5)


@pytest.mark.parametrize("law", [{"strict_dyas": True}, {"exigent_hours": 96}])
def test_attack_a_setting_that_is_none_is_an_error_and_no_silent_default(tmp_path: Path, law: dict[str, Any]) -> None:
    """Nor can a file lengthen an emergency."""
    with pytest.raises(ConfigError, match="law"):
        Place(tmp_path, law).collector()
