"""HI1 over HTTPS, for whoever receives court documents: the carrier's ADMF and the agency's registry alike.

`POST` on `/` and on the paths of the life-cycle workflows; every outcome of HI1 is HTTP 200 with a message, except that
a client whose certificate is not for the sender it names gets 403 (clauses 9.3.3 and 9.3.4, third-party reading). A
message that changes something is a court document: the XML as the court signed it, the signature beside it in the
header `hi1_envelope.SIGNATURE` (clause 9.2.3 leaves signing to national profiles; this one is the lab's). It is written
into the inbox and synced first, then acted on, then answered; the inbox stays the only store, so the same document
again gets the same answer and does nothing. Who asks only (GET, LIST, GETCSPCONFIG) needs no signature.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import hashlib
import os
import re
import uuid
from collections import OrderedDict
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Final, Protocol

from aiohttp import web
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from pydantic import Field, model_validator

from asn1.errors import DecodeError, LabError
from asn1.hi1 import MAX_OCTETS, build_message, parse_message, refusal, response
from asn1.hi1_codes import ELEMENT_MISSING, ENCODING_UNSUPPORTED, GENERIC_ERROR, IMPROPER_VALUE, NOT_VALID, TOO_LARGE
from asn1.hi1_messages import Header, HI1Message
from asn1.hi1_objects import EndpointId, ErrorInformation, HI1Object
from mediation.law.documents import CourtDocument, read_document
from mediation.law.hi1_answers import answer, csp_config, done, is_document, refusal_of, refused
from mediation.law.hi1_envelope import MAX_DOCUMENT_OCTETS, SIGNATURE, join_envelope
from mediation.law.hi1_orders import COUNTRY, RECEIVER, SENDER
from mediation.law.hi1_workflows import PATHS
from mediation.runtime.config import Listen, Model, Plain, check_mutual
from mediation.runtime.logs import get_logger
from mediation.runtime.status import peer_names

MAX_TRANSACTIONS: Final = 4096
"""Transaction identifiers that are remembered, so that none stands for two messages."""
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_NOBODY: Final = EndpointId(COUNTRY, "unknown")


class Hi1Config(Model):
    """`issuers` says which sender each certificate speaks for."""

    listen: Listen
    plain: Plain = "no"
    issuers: Annotated[dict[str, str], Field(min_length=1, max_length=64)] = Field(
        default_factory=lambda: {SENDER.identifier: "court"}
    )

    @model_validator(mode="after")
    def _mutual(self) -> Hi1Config:
        check_mutual(self.listen, self.plain, "hi1")
        return self


class Receiver(Protocol):
    def take(self, name: str) -> Exception | None:
        """Act on the document of this name in the inbox; why it was not let in, or None. The same again is no harm."""
        ...

    def objects(self, order_id: str | None = None) -> dict[uuid.UUID, HI1Object]:
        """What stands, of one order or of all."""
        ...


class Hi1Front:
    def __init__(
        self,
        inbox: Path,
        public_key: Ed25519PublicKey,
        receiver: Receiver,
        issuers: Mapping[str, str],
        now_us: Callable[[], int],
        us: EndpointId = RECEIVER,
    ) -> None:
        self._inbox = inbox
        self._public_key = public_key
        self._receiver = receiver
        self._issuers = issuers
        self._now_us = now_us
        self._us = us
        self._since_us = now_us()
        self._transactions: OrderedDict[uuid.UUID, bytes] = OrderedDict()
        self._one_by_one = asyncio.Lock()
        self._log = get_logger("hi1")

    def routes(self) -> list[web.RouteDef]:
        return [web.post(path, self._post) for path in ("/", *PATHS.values())]

    async def _post(self, request: web.Request) -> web.Response:
        if "json" in request.content_type:
            octets = self._refusal(None, ErrorInformation(ENCODING_UNSUPPORTED, "only XML is spoken here"))
            return _xml(200, octets)
        try:
            body = await request.read()
        except web.HTTPRequestEntityTooLarge:
            return _xml(200, self._refusal(None, ErrorInformation(TOO_LARGE, f"more than {MAX_OCTETS} octets")))
        url = f"{request.scheme}://{request.host}"
        async with self._one_by_one:
            return _xml(
                *await self.answer(body, request.headers.get(SIGNATURE), peer_names(request), request.path, url)
            )

    async def answer(
        self, body: bytes, signature: str | None, certified: frozenset[str] | None, path: str = "/", url: str = ""
    ) -> tuple[int, bytes]:
        """HTTP status and body; never raises for anything a peer sends."""
        try:
            message = parse_message(body)
        except DecodeError as error:
            code = TOO_LARGE if error.code == DecodeError.OVERSIZED else NOT_VALID
            return 200, self._refusal(None, ErrorInformation(code, str(error)))
        sender = message.header.sender
        if certified is not None and self._issuers.get(sender.identifier) not in certified:
            self._log.warning("unbound", sender=sender.identifier)
            return 403, b""
        why = refusal_of(message, self._us) or self._used_before(message, body) or _misplaced(message, path)
        if why is not None:
            return 200, self._refusal(message, why)
        if is_document(message):
            return 200, await self._document(message, body, signature)
        held, config = self._receiver.objects(), csp_config(url, self._since_us)
        bodies = [answer(action, held, config) for action in message.requests]
        return 200, build_message(response(self._header(message), *bodies))

    async def _document(self, message: HI1Message, body: bytes, signature: str | None) -> bytes:
        try:
            envelope = _signed(body, signature)
            document = read_document(envelope, self._public_key)
        except LabError as error:
            self._log.warning("document_refused", why=str(error))
            missing = ErrorInformation(ELEMENT_MISSING, "a court document comes with the court's signature")
            return self._refusal(message, missing if signature is None else refused(error))
        try:
            name = await asyncio.to_thread(self._put, document, envelope)
        except OSError as error:
            self._log.error("inbox", why=str(error))
            return self._refusal(
                message, ErrorInformation(GENERIC_ERROR, "it cannot be stored here now: send it again")
            )
        why = self._receiver.take(name)
        if why is not None:
            return self._refusal(message, refused(why))
        held = self._receiver.objects(document.order.order_id)
        return build_message(response(self._header(message), *done(message, held)))

    def _put(self, document: CourtDocument, envelope: bytes) -> str:
        """Durable before it is acted on. The same version with other content gets a name of its own, so that it is
        refused on record and never takes the place of the first."""
        order = document.order
        stem = (
            order.order_id if _NAME.fullmatch(order.order_id) else hashlib.sha256(order.order_id.encode()).hexdigest()
        )
        name = f"{stem}.v{order.version}.json"
        path = self._inbox / name
        if path.exists():
            if path.read_bytes() == envelope:
                return name
            name = f"{stem}.v{order.version}.{hashlib.sha256(envelope).hexdigest()[:12]}.json"
        put_synced(self._inbox, name, envelope)
        return name

    def _used_before(self, message: HI1Message, body: bytes) -> ErrorInformation | None:
        identifier, digest = message.header.transaction_id, hashlib.sha256(body).digest()
        known = self._transactions.setdefault(identifier, digest)
        if len(self._transactions) > MAX_TRANSACTIONS:
            self._transactions.popitem(last=False)
        if known == digest:
            return None
        return ErrorInformation(GENERIC_ERROR, "this transaction identifier stands for another message")

    def _header(self, message: HI1Message | None) -> Header:
        if message is None:
            return Header(self._us, _NOBODY, uuid.UUID(int=0), self._now_us())
        asked = message.header
        return Header(self._us, asked.sender, asked.transaction_id, self._now_us(), workflow=asked.workflow)

    def _refusal(self, message: HI1Message | None, error: ErrorInformation) -> bytes:
        self._log.warning("refused", code=error.code)
        return build_message(refusal(self._header(message), error))


def put_synced(directory: Path, name: str, octets: bytes) -> None:
    """Nobody who looks into the directory sees half a document, and after this it outlives a power cut."""
    temporary = directory / f".{name}.tmp"
    with temporary.open("wb") as file:
        file.write(octets)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(directory / name)
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _signed(body: bytes, signature: str | None) -> bytes:
    """The envelope of a body and the signature beside it. Raises DecodeError."""
    key_id, _, text = (signature or "").partition(":")
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise DecodeError(DecodeError.BAD_VALUE, "the signature is no base64") from error
    if not re.fullmatch("[0-9a-f]{8}", key_id) or len(body) > MAX_DOCUMENT_OCTETS:
        raise DecodeError(DecodeError.BAD_VALUE, "no key is named, or the document is too large")
    return join_envelope(body, key_id, raw)


def _misplaced(message: HI1Message, path: str) -> ErrorInformation | None:
    """A workflow has a path of its own, and `/` takes all."""
    named = message.header.workflow
    own = next((one for workflow, one in PATHS.items() if workflow == named), None)
    if path == "/" or path == own or (own is None and not is_document(message)):
        return None
    return ErrorInformation(IMPROPER_VALUE, f"{named or 'a message without a workflow'} is not posted to {path}")


def _xml(status: int, octets: bytes) -> web.Response:
    return web.Response(status=status, body=octets, content_type="application/xml", charset="utf-8")
