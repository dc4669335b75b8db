cimport cython
from libc.stdint cimport int64_t
from asn1.walk cimport Plan, walk
from collector.facts.plain_sip cimport read_plain

cdef object _new
cdef object _NO_DIGITS, _MAX_SECONDS
cdef Plan _PLAN

@cython.locals(payload=dict, header=dict)
cpdef object ordinary_facts(bytes octets, str liid, object arrival_us)
cdef object _time_of(dict header)
@cython.locals(said=tuple)
cdef object _facts(str liid, dict header, str name, object contents, object iri_type, object event_us, object qualifier, object arrival_us, object sends)
