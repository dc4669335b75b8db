cimport cython
from libc.stdint cimport int64_t
from collector.facts.plain_tpdu cimport Skim, skim

cdef enum:
    _PLAIN = 0
    _KEPT = 1
    _PLACE = 2
    _LIID = 3
    _TIME = 4
    _COMMUNICATION = 5
    _DURATION = 6
    _RELEASE = 7
    _PARTIES = 8
    _MESSAGE = 9
    _SHORT = 10
    _ERROR = 11
    _NETWORK = 12
    _SHORT_OCTETS = 8
    _CIN_OCTETS = 8
    _OPERATOR_OCTETS = 5

cdef object _new, _NO_DIGITS
cdef frozenset _NOBODY
cdef dict _KINDS, _WAYS, _SIDES, _SENDS
cdef tuple _ORDER, _EVENTS

@cython.final
cdef class Found:
    cdef frozenset originators, recipients
    cdef dict parties
    cdef list message, stamps
    cdef bint words, place

@cython.locals(fields=dict, found=Found, events=tuple, message=bint, parties=frozenset, name=str)
cpdef object call_facts(tuple contents, str liid, object cin, object number, str payload, str iri_type, object event_us, object qualifier, object arrival_us, object sends)
@cython.locals(number=int64_t)
cdef bint _is_plain(Found found, str name, object value, dict fields, str liid, int64_t event_us, object said) except -1
cdef bint _time(Found found, tuple stamp, int64_t event_us) except -1
cdef bint _is_communication(dict value) except -1
cdef bint _is_network(dict value) except -1
@cython.locals(octet=int64_t)
cdef bint _is_word(bytes octets) except -1
@cython.locals(text=str)
cdef object _duration(bytes octets)
@cython.locals(kept=list, identities=dict, before=list, known=frozenset, name=str)
cdef bint _party(Found found, dict party, object said) except -1
@cython.locals(held=dict, from_mobile=bint, tpdu=Skim, address=str, other=frozenset)
cdef bint _message(Found found, dict report, int64_t event_us) except -1
@cython.locals(name=str)
cdef tuple _events(dict fields)
@cython.locals(kept=list, name=str, way=int64_t)
cdef tuple _permitted(dict fields, Found found)
