cimport cython
from libc.stdint cimport int64_t

cdef extern from *:
    """
    #define CALEA_NEVER_AHEAD (-((int64_t)1 << 62))
    """
    const int64_t _NEVER_AHEAD "CALEA_NEVER_AHEAD"

cdef int64_t _MORE
cdef tuple _EDGES

@cython.final
cdef class LinkQuality:
    cdef readonly object limits
    cdef readonly int64_t samples, failed, measured, late, ahead
    cdef int64_t _furthest_us, _ahead_told, _within_us, _sample, _skew_us
    cdef readonly int64_t _open_count, _open_within
    cdef readonly list _counts, _open
    cdef list _fresh

    @cython.locals(latency_us=int64_t, at=int64_t)
    cpdef object signalling(self, int64_t event_us, int64_t arrival_us)
    cdef object _whole_sample(self)

@cython.locals(at=int64_t)
cdef int64_t _bucket(int64_t latency_us) except -1
