cimport cython
from libc.stdint cimport int64_t

cdef enum:
    _NOT_CLOSED = -1

@cython.final
cdef class Held:
    cdef readonly object uid
    cdef readonly bint ended
    cdef readonly int64_t closed_us

@cython.final
cdef class OpenBook:
    cdef readonly dict _held

    cpdef object kept(self, int64_t liid, int64_t cin, object uid, int64_t event_us)
    @cython.locals(key=tuple, held=Held)
    cdef Held _note(self, int64_t liid, int64_t cin, object uid, int64_t event_us)
    cpdef object ended(self, int64_t liid, int64_t cin, object uid, int64_t event_us)
    @cython.locals(held=Held)
    cpdef object close(self, int64_t liid, int64_t cin, object uid, int64_t at_us)
    @cython.locals(held=Held)
    cpdef object refused_end(self, int64_t liid, int64_t cin)
    @cython.locals(held=Held)
    cpdef object reopen(self, object uid, int64_t end_us)
