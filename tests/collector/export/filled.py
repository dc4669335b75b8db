"""A collector's directory after a run, for tests of what is exported of it."""

from __future__ import annotations

from typing import Any

from collector.export.bundle_check import Report, check_bundle
from collector.export.evidence import Bundle, make_bundle
from collector.registry import Registry
from collector.store.keys import Keys
from collector.store.private_files import read_public_key
from collector.store.store import Store, StoreConfig, StoreHooks
from collector.voids import Why
from mediation.law.orders import CourtOrder

SECRET = "<script>alert('SIM-CANARY')</script>"


class Filled:
    """A collector's directory after a run, and what was put on record of exports."""

    def __init__(self, lab: Any) -> None:
        self.lab = lab
        self.recorded: list[dict[str, Any]] = []

    @property
    def keys(self) -> Keys:
        return Keys(self.lab.data / "keys")

    def order(self, name: str) -> CourtOrder:
        registry = Registry(self.lab.court.inbox, self.lab.court.key.public_key(), reads_only=True)
        registry.reload()
        return next(one for one in registry.current() if one.order_id == name)

    def make(self, name: str = "O-1", place: str = "bundle", **changes: Any) -> Bundle:
        given = {"by": "rivera", "reason": "a test", "now_us": 1_780_000_000_000_000}
        return make_bundle(
            self.lab.data / "store", self.lab.data / "audit", self.keys, self.order(name), self.lab.root / place,
            record=lambda kind, fields: self.recorded.append({"kind": kind, **fields}), **(given | changes),
        )  # fmt: skip

    def check(self, made: Bundle) -> Report:
        key = read_public_key(self.lab.data / "keys" / "signing.pub").public_bytes_raw()
        return check_bundle(made.directory, key)

    def stand(self, *entries: Any) -> None:
        """Decisions about stored records, as a later turn of the collector makes them."""
        config = StoreConfig(16 << 20, 8 << 20)
        store = Store.open(self.lab.data / "store", config, self.keys, StoreHooks(now_us=lambda: 9))
        store.stand(list(entries))
        store.close()

    def void(self, ranges: Any) -> None:
        """Another shard has these."""
        config = StoreConfig(16 << 20, 8 << 20)
        store = Store.open(self.lab.data / "store", config, self.keys, StoreHooks(now_us=lambda: 9))
        store.void(ranges, Why.LOST, "north", lambda _: None)
        store.close()
