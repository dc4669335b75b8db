cimport cython
from libc.stdint cimport int64_t
from collector.stream_table cimport StreamTable

cdef extern from *:
    const int64_t _NEVER "INT64_MIN"

cdef class Communications:
    cdef readonly StreamTable streams
    cdef readonly dict originates, answered_us, taking_part

    @cython.locals(key=int64_t, first_us=int64_t)
    cpdef object state_of(self, int64_t slot)
    @cython.locals(key=int64_t)
    cpdef object remember(self, int64_t slot, object before, object after)
