"""The thread for what has time: the feed of documents and commands, copies of the audit log, the catalogue.

Rules. A session of its own, so that nothing here holds up a mark. What is published waits in memory until it is in the
feed; a shard that starts publishes again what it has (the feed knows it). Items of other shards are handed to the event
loop's thread in their order, the next when the last ones were taken in there. The database away is no failure: it is
all done later.
"""

from __future__ import annotations

import contextlib
import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from asn1.errors import LabError, LocalError
from collector.databases import sentence
from collector.fleet.catalogue import AuditTail, Segment, SharedCatalogue
from collector.fleet.documents import Item, Publication, SharedFeed
from collector.fleet.session import AwayError, Session

POLL_S: Final = 0.5
"""How often the feed is looked into."""
AWAY_S: Final = 2.0
MAX_WAITING: Final = 65_536
"""Publications that wait for the database. A shard has no more documents to publish at its start."""
PUBLISH_ITEMS: Final = 256


class ErrandHooks(NamedTuple):
    """All are called in the event loop's thread, but for `signed`, which is asked in ours: how many audit entries are
    durable under a signature. `on_item` raises nothing; what it refuses it has on record itself."""

    on_item: Callable[[Item], None]
    on_differing: Callable[[str], None]
    on_failure: Callable[[str], None]
    signed: Callable[[], int]


class Errands:
    """`call` is the loop's `call_soon_threadsafe`. `turn` is what the thread does, for who wants to do it without
    one."""

    def __init__(
        self,
        session: Session,
        shard: str,
        audit: AuditTail,
        hooks: ErrandHooks,
        call: Callable[[Callable[[], None]], object],
    ) -> None:
        self._session = session
        self._shard = shard
        self._feed = SharedFeed(session, shard)
        self._catalogue = SharedCatalogue(session, shard)
        self._audit = audit
        self._hooks = hooks
        self._call = call
        self._wake = threading.Condition()
        # Shared with the loop's thread, under `_wake`.
        self._waiting: deque[Publication] = deque()
        self._segments: Sequence[Segment] | None = None
        self._acknowledged = 0
        self._stopping = False
        # The thread's own; `error` is read for the status.
        self.error = ""
        self._taken: int | None = None
        """The feed's number up to which all is taken in and written down so; None before it was asked for."""
        self._handed = 0
        self._copied: int | None = None
        self._differing = False
        self._failed = False
        self._thread = threading.Thread(target=self._run, name="errands", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def publish(self, kind: str, octets: bytes) -> None:
        """For the other shards. Raises LocalError when too much waits."""
        with self._wake:
            if len(self._waiting) >= MAX_WAITING:
                raise LocalError(f"{MAX_WAITING} items wait to be published to the fleet: is its database away?")
            self._waiting.append(Publication(kind, octets))
            self._wake.notify()

    def segments(self, segments: Sequence[Segment]) -> None:
        """All there are, oldest first, with the next turn."""
        with self._wake:
            self._segments = tuple(segments)

    def stop(self) -> None:
        with self._wake:
            self._stopping = True
            self._wake.notify()
        if self._thread.ident is not None:
            self._thread.join()

    def _run(self) -> None:
        while not self._failed:
            wait_s = self.turn()
            with self._wake:
                if self._stopping:
                    break
                if not self._waiting or self.error:
                    self._wake.wait(wait_s)
        if not self._failed:
            # What the last turn found, and the end of the audit log.
            self.turn()
        self._session.close()

    def turn(self) -> float:
        """Does what is to be done now; answers after how many seconds there is more to do."""
        try:
            self._publish()
            self._take()
            self._keep()
            more = self._copy()
        except AwayError as error:
            self.error = f"The fleet's database cannot be asked: {error}."
            return AWAY_S
        except (LabError, OSError) as error:
            self._fail(str(error))
            return AWAY_S
        except Exception as error:
            self._fail(f"The fleet's errands cannot be done any more: {type(error).__name__}: {sentence(error)}.")
            return AWAY_S
        self.error = ""
        return 0.0 if more else POLL_S

    def _publish(self) -> None:
        while True:
            with self._wake:
                items = [self._waiting[at] for at in range(min(PUBLISH_ITEMS, len(self._waiting)))]
            if not items:
                return
            self._feed.publish(items)
            with self._wake:
                for _ in items:
                    self._waiting.popleft()

    def _take(self) -> None:
        if self._taken is None:
            self._taken = self._handed = self._acknowledged = self._feed.position()
        with self._wake:
            acknowledged = self._acknowledged
        if acknowledged > self._taken:
            self._feed.took(acknowledged)
            self._taken = acknowledged
        if self._handed > acknowledged:
            return
        items = self._feed.read(self._handed)
        if items:
            self._handed = items[-1].number
            self._call(lambda: self._hand(items))

    def _hand(self, items: list[Item]) -> None:
        for item in items:
            if item.shard != self._shard:
                self._hooks.on_item(item)
        with self._wake:
            self._acknowledged = items[-1].number
            self._wake.notify()

    def _keep(self) -> None:
        with self._wake:
            segments = self._segments
        if segments is not None:
            self._catalogue.keep(segments)
            with self._wake:
                if self._segments is segments:
                    self._segments = None

    def _copy(self) -> bool:
        """Is there more to copy? The last entry that was copied is compared again after a start."""
        signed = self._hooks.signed()
        if self._differing:
            return False
        if self._copied is None:
            copied = self._catalogue.copied()
            if copied > signed:
                self._differs(f"the log has {signed} entries, and {copied} of it were copied")
                return False
            self._copied = max(0, copied - 1)
        entries = []
        with contextlib.suppress(FileNotFoundError):
            entries = self._audit.read(self._copied, signed)
        if not entries:
            return False
        differing = self._catalogue.copy(entries)
        if differing:
            self._differs(f"entry {differing[0]} is not what was copied of it")
            return False
        self._copied = entries[-1].sequence + 1
        return self._copied < signed

    def _differs(self, why: str) -> None:
        self._differing = True
        said = f"The audit log of shard {self._shard} differs from its copies in the fleet's database: {why}."
        self._call(lambda: self._hooks.on_differing(said))

    def _fail(self, said: str) -> None:
        self._failed = True
        self.error = said
        self._call(lambda: self._hooks.on_failure(said))
