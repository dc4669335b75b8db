"""`python -m carrier_sim.load --to HOST:PORT --xids FILE`: X3 content of many streams for a mediation function.

    python -m carrier_sim.load --to 127.0.0.1:9300 --xids tasks.txt --records 1000000 --octets 200 --rate 50000

`--xids`: one XID a line, those of the tasks that the load is for; what is not tasked the mediation function counts and
throws away. `--records-form` sends handover records in place of X3 PDUs, for a collector's listener or a sink: without
a session and without acknowledgement. Simulation: identities and addresses are made up.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import time
import uuid
from collections.abc import Sequence
from pathlib import Path

from asn1.errors import LabError, LocalError
from carrier_sim.load.profile import Profile, record_streams, x3_streams
from carrier_sim.load.sender import Load, Poured, pour
from mediation.runtime.closed import check_host
from mediation.runtime.process import EXIT_CONFIG, EXIT_NOT_READY, EXIT_OK

HEAD_OCTETS = 256
"""More than a record or PDU has beside its packet."""


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(prog="python -m carrier_sim.load", description=__doc__.partition("\n")[0])
    made.add_argument("--to", required=True, help="HOST:PORT, inside the closed network")
    made.add_argument("--xids", type=Path, help="one XID a line; made up where it is not given")
    made.add_argument("--records-form", action="store_true", help="handover records in place of X3 PDUs")
    made.add_argument("--records", type=int, default=1_000_000)
    made.add_argument("--octets", type=int, nargs="+", default=[200], help="sizes of the packets, taken in turn")
    made.add_argument("--streams", type=int, default=0, help="communications; one a LIID where it is not given")
    made.add_argument("--liids", type=int, default=1)
    made.add_argument("--service", choices=["voice", "data"], default="voice")
    made.add_argument("--rate", type=float, default=None, help="records a second; flat out where it is not given")
    made.add_argument("--seed", type=int, default=1)
    return made


async def send(arguments: argparse.Namespace) -> Poured:
    """Raises LabError and OSError."""
    host, _, port = arguments.to.rpartition(":")
    try:
        check_host(host.strip("[]"))
        number = int(port)
        xids = None if arguments.xids is None else [uuid.UUID(one).bytes for one in arguments.xids.read_text().split()]
    except ValueError as error:
        raise LocalError(str(error)) from error
    liids = arguments.liids if xids is None else len(xids)
    profile = Profile(
        max(arguments.streams, liids), liids, tuple(arguments.octets), service=arguments.service, seed=arguments.seed
    )
    streams = record_streams(profile) if arguments.records_form else x3_streams(profile, xids)
    load = Load(arguments.records, max(profile.sizes) + HEAD_OCTETS, time.time_ns() // 1000, rate_per_s=arguments.rate)
    reader, writer = await asyncio.open_connection(host.strip("[]"), number)
    try:
        return await pour(streams, load, reader, writer, time.monotonic)
    finally:
        writer.close()
        await asyncio.gather(writer.wait_closed(), return_exceptions=True)


def main(argv: Sequence[str] | None = None) -> int:
    arguments = parser().parse_args(argv)
    try:
        poured = asyncio.run(send(arguments))
    except LabError as error:
        sys.stderr.write(f"{error}\n")
        return EXIT_CONFIG
    except OSError as error:
        sys.stderr.write(f"Cannot send to {arguments.to}: {error.strerror or error}. Start the receiver first.\n")
        return EXIT_NOT_READY
    sys.stdout.write(json.dumps({"simulation": True, **poured._asdict()}) + "\n")
    return EXIT_OK


if __name__ == "__main__":
    sys.exit(main())
