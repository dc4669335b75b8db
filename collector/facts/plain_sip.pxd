cimport cython
from libc.stdint cimport int64_t
from collector.facts.sip_octets cimport digits, is_call_id, is_host, is_number, is_tag, is_via, letters, media_lines, number

cdef enum:
    _FROM = 1
    _TO = 2
    _CONTACT = 3
    _ASSERTED = 4
    _REMOTE = 5
    _CALLED = 6
    _ROUTE = 7
    _NUMBER = 8
    _LENGTH = 9
    _VIA = 10
    _CALL_ID = 11
    _CSEQ = 12
    _TYPE = 13
    _WORDS = 14
    _PLACE = 15
    _OTHER = 16
    _LEFT = 17
    _UNKNOWN = 18
    _MAX_OCTETS = 65535
    _MAX_HEADERS = 256
    _MAX_LINE = 8192
    _MAX_URIS = 32

@cython.final
cdef class Found:
    cdef int64_t name, name_end, uri, uri_end, port
    cdef bint tagged

@cython.final
cdef class Head:
    cdef list content, senders, receivers, contacts, asserted, remote, called
    cdef object shown, call_id, sequence_method, media_type
    cdef bint to_tag, place, odd_contact
    cdef int64_t number, length

@cython.locals(size=int64_t, buf="const unsigned char*")
cpdef object read_plain(bytes octets)
@cython.locals(end=int64_t, head=Head, status=int64_t, plain_reason=bint, space=int64_t, stop=int64_t, at=int64_t, body=int64_t)
cdef object _read(const unsigned char* buf, int64_t size)
@cython.locals(at=int64_t, octet=int64_t)
cdef int64_t _line_end(const unsigned char* buf, int64_t pos, int64_t size) noexcept
@cython.locals(second=int64_t, third=int64_t)
cdef int64_t _status(const unsigned char* buf, int64_t end) noexcept
@cython.locals(found=Found, end=int64_t, colon=int64_t, start=int64_t, stop=int64_t, code=int64_t, named=tuple, name=str, _=int64_t)
cdef int64_t _headers(const unsigned char* buf, int64_t pos, int64_t size, Head head) except -2
cdef bint _header(const unsigned char* buf, int64_t code, str name, int64_t start, int64_t stop, Head head, Found found) except -1
@cython.locals(usual=bint, uris=list)
cdef bint _addresses(const unsigned char* buf, int64_t code, str name, int64_t start, int64_t stop, Head head, Found found) except -1
@cython.locals(at=int64_t, second=int64_t)
cdef bint _usual_address(const unsigned char* buf, int64_t pos, int64_t end, bint may_have_tag, Found found) except -1
@cython.locals(at=int64_t)
cdef bint _sequence(const unsigned char* buf, int64_t pos, int64_t end, Head head) except -1
@cython.locals(available=int64_t, taken=int64_t, moves=bint, media=list, content=list, senders=list, receivers=list, contacts=list, asserted=list, remote=list, called=list, origin=list, destination=list, pairs=list, sender=tuple, receiver=tuple, request=tuple)
cdef object _said(const unsigned char* buf, int64_t size, int64_t body, Head head, object method, object asked, int64_t status, bint plain_reason)
cdef object _address(str uri)
@cython.locals(out=list)
cdef object _each(list uris)
@cython.locals(kept=list, one=tuple)
cdef void _keep_all(list pairs, str name, list addresses) except *
@cython.locals(one=tuple)
cdef object _targets(list addresses)
