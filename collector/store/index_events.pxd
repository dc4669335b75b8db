cimport cython
from libc.stdint cimport int64_t

cdef extern from *:
    const int64_t _NO_TIME "INT64_MIN"
    const int64_t _LATEST "INT64_MAX"

cdef enum:
    _BEGIN = 1
    _END = 2
    _RECEIVED = 0
    _MASKED = 1
    _CC = 1
    _GROUP = 12

cdef int _MOST

@cython.final
cdef class CommunicationSum:
    cdef public object order_id, service, content_service, caller, called, sends, answer_us, begin_us, end_us
    cdef public set parties
    cdef public bint opened, ended
    cdef public int64_t iri, cc_from_target, cc_to_target, cc_other, first_sequence, last_sequence, iri_place, cc_place
    cdef tuple newest

    cpdef object span(self, object first_us, object last_us)
    cpdef object told(self, object said, int64_t iri_type, object event_us)

@cython.locals(at=int64_t, base=int64_t, cin=int64_t, kind=int64_t, records=int64_t, place=int64_t, signalling=bint, liid=str, said=tuple, one=CommunicationSum)
cpdef bint add_groups(int64_t[::1] groups, int64_t count, list tags, object of_tag, list liids, object order_of, int64_t generation, int64_t first_sequence, dict communications) except *
@cython.locals(at=int64_t, place=int64_t, extent=int64_t, form=int64_t, number=int64_t, cin=int64_t, time_us=int64_t, iri_type=int64_t, liid=str, lists=dict, one=CommunicationSum, forms=list, tags=list, numbers=list, cins=list, times=list, verdicts=list, iri_types=list, directions=list)
cpdef object add_events(list columns, list places, list extents, int64_t first_sequence, int64_t generation, list liids, object order_of, dict said, object ask, dict communications, list events)
