"""What a trainer asks for, one after the other in one thread: who asks gets a number, and is told when it is done.

Bounded: so many may wait, and of so many the end is remembered.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from asn1.errors import LabError, RefusedError
from mediation.runtime.logs import get_logger

MAX_WAITING: Final = 20
MAX_REMEMBERED: Final = 200


class Jobs:
    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="class")
        self._number = 0
        self._waiting = 0
        self._ended: OrderedDict[int, str] = OrderedDict()
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def ended(self) -> dict[int, str]:
        """By number, why it did not come about; blank when it did."""
        return dict(self._ended)

    @property
    def waiting(self) -> int:
        return self._waiting

    def submit(self, work: Callable[[], None]) -> int:
        """Its number. Raises RefusedError when too many wait."""
        if self._waiting >= MAX_WAITING:
            raise RefusedError("Too much waits to be done already: look at the class page and try again.")
        self._number += 1
        self._waiting += 1
        task = asyncio.create_task(self._run(self._number, work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return self._number

    async def run(self, work: Callable[[], None]) -> None:
        """In the same thread, for whoever waits for it themselves. Raises what it raises."""
        await asyncio.get_running_loop().run_in_executor(self._thread, work)

    async def _run(self, number: int, work: Callable[[], None]) -> None:
        why = ""
        try:
            await self.run(work)
        except LabError as error:
            why = str(error)
        except Exception as error:
            why = "That should not have happened; the trainer's log says more."
            get_logger("trainer").error("job", number=number, error=repr(error))
        self._waiting -= 1
        self._ended[number] = why
        while len(self._ended) > MAX_REMEMBERED:
            self._ended.popitem(last=False)

    def close(self) -> None:
        self._thread.shutdown(cancel_futures=True)
