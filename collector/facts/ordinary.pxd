cimport cython
from libc.stdint cimport int64_t
from asn1.walk cimport Plan, Spans, check, number_at, walk
from collector.facts.plain_calls cimport call_facts
from collector.facts.plain_messages cimport message_facts
from collector.facts.plain_sip cimport read_plain

cdef enum:
    _NUMBER = 0
    _CIN = 1
    _SECONDS = 2
    _MICROS = 3
    _STAMP = 4
    _QUALIFIER = 5
    _ITEM = 6
    _OWN_TIME = 7
    _TYPE = 8
    _SESSION = 9
    _DIRECTION = 10
    _MULTIMEDIA = 11
    _SIP = 12
    _PLACE = 13
    _MORE = 14
    _MULTIMEDIA_TAG = 11

cdef object _new
cdef object _NO_DIGITS
cdef int64_t _MAX_SECONDS
cdef Plan _PLAN, _MARKED
cdef dict _QUALIFIERS, _TYPES, _SIDES

@cython.locals(payload=dict, header=dict, spans=Spans)
cpdef object ordinary_facts(bytes octets, str liid, object arrival_us, int64_t tag=*)
@cython.locals(buf="const unsigned char*", count="int64_t*", start="int64_t*", end="int64_t*", seconds=int64_t, event_us=int64_t, said=tuple)
cdef object _sip_facts(bytes octets, str liid, object arrival_us, Spans spans)
@cython.locals(parties=frozenset)
cdef object _of_sip(str liid, object cin, object number, object iri_type, object event_us, object qualifier, object arrival_us, object sends, tuple said, object content, bint place)
cdef object _time_of(dict header)
@cython.locals(said=tuple)
cdef object _facts(str liid, dict header, str name, object contents, object iri_type, object event_us, object qualifier, object arrival_us, object sends)
