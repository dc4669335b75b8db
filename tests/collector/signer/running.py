"""A signer on a thread of its own, for tests that ask it."""

from __future__ import annotations

import asyncio
import socket
import threading
from pathlib import Path

from collector.signer import service as signer_service
from collector.signer.client import RemoteSigner, ask_public_key
from collector.signer.config import SignerConfig

STORE = "calea-lab/collector"


class Running:
    def __init__(self, root: Path, uids: list[int]) -> None:
        self.config = SignerConfig(data_dir=root / "signer", socket=root / "s.sock", uids=tuple(uids))
        self._loop = asyncio.new_event_loop()
        self._up = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        assert self._up.wait(5)

    @property
    def place(self) -> Path:
        return self.config.socket

    def _run(self) -> None:
        self._stop = asyncio.Event()

        async def main() -> None:
            await signer_service.run(self.config, lambda ports: self._up.set(), self._stop)

        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(main())
        for task in asyncio.all_tasks(self._loop):
            task.cancel()
        self._loop.run_until_complete(asyncio.sleep(0.01))
        self._loop.close()

    def stop(self) -> None:
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._stop.set)
            self._thread.join(5)

    def raw(self) -> socket.socket:
        made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        made.settimeout(5)
        made.connect(self.place.as_posix())
        return made

    def remote(self) -> RemoteSigner:
        return RemoteSigner(self.place, STORE, ask_public_key(self.place))
