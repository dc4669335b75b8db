cimport cython
from libc.stdint cimport int64_t
from asn1.walk cimport Plan, walk
from collector.facts.plain_tpdu cimport Skim, skim

cdef object _new, _NO_DIGITS, _SMS
cdef frozenset _NOBODY
cdef dict _SENDS
cdef Plan _PLAN

@cython.locals(event=dict, said=tuple)
cpdef object message_facts(bytes octets, str liid, object cin, object number, str iri_type, object event_us, object qualifier, object arrival_us, object sends)
@cython.locals(origin=frozenset, destination=frozenset, other=frozenset, found=Skim, address=str, permitted=list)
cdef tuple _message(dict event)
@cython.locals(found=Skim, permitted=list)
cdef tuple _report(dict event)
@cython.locals(found=frozenset, known=frozenset)
cdef frozenset _party(dict party)
@cython.locals(found=list)
cdef list _kept(frozenset targets)
cdef void _add(list pairs, str name, object held) except *
