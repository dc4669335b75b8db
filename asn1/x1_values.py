"""The values of X1 (TS 103 221-1, schema 1.22.1): what tasks, destinations and messages say. Data alone.

Names follow the schema; times are microseconds UTC. An attribute that is None is an element that is absent. What a
value holds and nobody here understands is in `unknown`, as it came.
"""

from __future__ import annotations

import ipaddress
import uuid
from dataclasses import dataclass
from typing import Any, Final

from asn1.hi1_xml import RawXml

VERSION: Final = "v1.6.1"
DONE: Final = "AcknowledgedAndCompleted"

Kept = tuple[RawXml, ...]
Target = tuple[str, Any]
"""A target identifier by its element name: a text as X1 writes it, or for the composed ones (port ranges and lists,
`ipv4Cidr`, `hashedIdentifier`, `targetIdentifierExtension`) a value of this module."""


class DestinationSetId(uuid.UUID):
    """A `dSId`: the generic object that stands for a set of destinations."""


@dataclass(frozen=True, slots=True)
class Extension:
    """Whose it is, and what is in it: elements of other namespaces, as they came."""

    owner: str
    unknown: Kept = ()


@dataclass(frozen=True, slots=True)
class PortRange:
    start: int
    end: int
    unknown: Kept = ()


@dataclass(frozen=True, slots=True)
class HashedIdentifier:
    """`context_id` is the generic object that says how it was hashed."""

    context_id: uuid.UUID
    identity_type: str
    digest: bytes
    unknown: Kept = ()


@dataclass(frozen=True, slots=True)
class IpEndpoint:
    """`address` is ("IPv4Address" or "IPv6Address", text), `port` ("TCPPort" or "UDPPort", number)."""

    address: tuple[str, Any]
    port: tuple[str, Any]
    unknown: Kept = ()


@dataclass(frozen=True, slots=True)
class LocationType:
    beginning_and_end: bool | None = None
    upon_change: bool | None = None
    lals: bool | None = None
    unknown: Kept = ()


@dataclass(frozen=True, slots=True)
class ServiceScoping:
    """`locations` is ("doNotReport", "") or ("listOfLocationTypes", LocationTypes)."""

    service_types: tuple[str, ...] | None = None
    locations: tuple[str, Any] | None = None
    suspend_on_roaming: bool | None = None
    post_dialled_digits: bool | None = None
    unknown: Kept = ()


@dataclass(frozen=True, slots=True)
class MediationDetails:
    """For a mediation function alone (third-party reading): one XID may stand for several LIIDs (clause 5.1.2)."""

    liid: str
    delivery_type: str
    start_us: int | None = None
    end_us: int | None = None
    dids: tuple[uuid.UUID, ...] | None = None
    extensions: tuple[Extension, ...] = ()
    scoping: tuple[ServiceScoping, ...] | None = None
    traffic_policies: tuple[uuid.UUID, ...] | None = None
    unknown: Kept = ()


@dataclass(frozen=True, slots=True)
class TaskDetails:
    """`targets` are (element name, value) such as ("e164Number", "12125550101"); several are alternatives.
    `delivery_type` is X2Only, X3Only or X2andX3; `dids` where to deliver. `product_id` takes the place of the XID on
    X2 and X3 (clause 6.2.1.2, third-party reading)."""

    xid: uuid.UUID
    targets: tuple[Target, ...]
    delivery_type: str
    dids: tuple[uuid.UUID, ...]
    mediation: tuple[MediationDetails, ...] | None = None
    correlation_id: int | None = None
    implicit_deactivation: bool | None = None
    product_id: uuid.UUID | None = None
    service_types: tuple[str, ...] | None = None
    extensions: tuple[Extension, ...] = ()
    traffic_policies: tuple[uuid.UUID, ...] | None = None
    unknown: Kept = ()


@dataclass(frozen=True, slots=True)
class DestinationDetails:
    """`address` is ("ipAddressAndPort", IpEndpoint), ("uri", text), ("e164Number", text) or ("emailAddress", text)."""

    did: uuid.UUID
    delivery_type: str
    address: tuple[str, Any]
    friendly_name: str | None = None
    extensions: tuple[Extension, ...] = ()
    unknown: Kept = ()

    @property
    def endpoint(self) -> tuple[str, int] | None:
        """Address and TCP port; None for any other kind of place."""
        name, held = self.address
        if name != "ipAddressAndPort" or held.port[0] != "TCPPort" or not isinstance(held.address[1], str):
            return None
        return held.address[1], int(held.port[1])


def ip_destination(
    did: uuid.UUID, delivery_type: str, host: str, port: int, friendly_name: str | None = None
) -> DestinationDetails:
    """A destination at an IP address and a TCP port. Raises ValueError when `host` is no address."""
    address = ipaddress.ip_address(host)
    endpoint = IpEndpoint((f"IPv{address.version}Address", str(address)), ("TCPPort", port))
    return DestinationDetails(did, delivery_type, ("ipAddressAndPort", endpoint), friendly_name)


@dataclass(frozen=True, slots=True)
class X1Error:
    """A code of table 6.7-3 (as third parties use it, `asn1.x1_codes`) and words."""

    code: int
    description: str
    unknown: Kept = ()


@dataclass(frozen=True, slots=True)
class ExtensionInformation:
    """Which request of an extending specification an error answers."""

    specification: str
    request_type: str
    unknown: Kept = ()


@dataclass(frozen=True, slots=True)
class TaskStatus:
    """`provisioning` is awaitingProvisioning, failed or complete. The unit of the amounts is not said in the schema;
    ours are PDUs (assumed)."""

    provisioning: str
    faults: tuple[X1Error, ...] = ()
    last_intercept_us: int | None = None
    x2_amount: int | None = None
    x3_amount: int | None = None
    modified_us: int | None = None
    modifications: int | None = None
    extensions: tuple[Extension, ...] = ()
    unknown: Kept = ()


@dataclass(frozen=True, slots=True)
class DestinationStatus:
    """`delivery` is activeAndWorking or deliveryFault."""

    delivery: str
    faults: tuple[X1Error, ...] = ()
    unknown: Kept = ()


@dataclass(frozen=True, slots=True)
class NeStatus:
    """`status` is OK or Faults."""

    status: str
    faults: tuple[X1Error, ...] = ()
    unknown: Kept = ()


@dataclass(frozen=True, slots=True)
class TaskResponse:
    details: TaskDetails
    status: TaskStatus
    unknown: Kept = ()


@dataclass(frozen=True, slots=True)
class DestinationResponse:
    details: DestinationDetails
    status: DestinationStatus
    unknown: Kept = ()


@dataclass(frozen=True, slots=True)
class GenericObject:
    """An object of any type, named in Clark notation; what its own type adds is in `unknown`."""

    object_id: uuid.UUID
    type_name: str
    unknown: Kept = ()


@dataclass(frozen=True, slots=True)
class ObjectResponse:
    object: GenericObject
    status: RawXml | None = None
    unknown: Kept = ()


@dataclass(frozen=True, slots=True)
class X1Message:
    """One request. `kind` is the schema's type without Request (ActivateTask, Ping …), in Clark notation where it is
    of another namespace; the fields that belong to the kind are set. `report_type`, `issue_code` and `issue_details`
    are of all three reports."""

    kind: str
    admf_id: str
    ne_id: str
    transaction_id: uuid.UUID
    time_us: int
    task: TaskDetails | None = None
    destination: DestinationDetails | None = None
    xid: uuid.UUID | None = None
    did: uuid.UUID | None = None
    object: GenericObject | None = None
    object_id: uuid.UUID | None = None
    object_type: str | None = None
    report_type: str | None = None
    issue_code: int | None = None
    issue_details: str | None = None
    extensions: tuple[Extension, ...] = ()
    version: str = VERSION
    unknown: Kept = ()


@dataclass(frozen=True, slots=True)
class X1Reply:
    """One response to a request of `kind`. `error` makes it an ErrorResponse; otherwise `ok`, or the fields that
    answer the kind."""

    kind: str
    admf_id: str
    ne_id: str
    transaction_id: uuid.UUID
    time_us: int
    error: X1Error | None = None
    xids: tuple[uuid.UUID, ...] = ()
    dids: tuple[uuid.UUID, ...] = ()
    object_ids: tuple[uuid.UUID, ...] | None = None
    task: TaskResponse | None = None
    destination: DestinationResponse | None = None
    object: ObjectResponse | None = None
    ne_status: NeStatus | None = None
    tasks: tuple[TaskResponse, ...] | None = None
    destinations: tuple[DestinationResponse, ...] | None = None
    objects: tuple[ObjectResponse, ...] | None = None
    ok: str = DONE
    extension: ExtensionInformation | None = None
    version: str = VERSION
    unknown: Kept = ()


@dataclass(frozen=True, slots=True)
class TopLevelError:
    """The answer to a request that could not be read at all."""

    admf_id: str
    ne_id: str
    time_us: int
    version: str = VERSION
    unknown: Kept = ()
