cimport cython
from libc.stdint cimport int64_t
from collector.rows cimport Rows
from collector.stream_table cimport StreamTable

cdef class Touched:
    cdef StreamTable _streams
    cdef int64_t _turn, _slots
    cdef object _named
    cdef int64_t[::1] _named_view

    @cython.locals(streams=StreamTable, wanted=int64_t, turn=int64_t, row=int64_t, liid=int64_t, cin=int64_t, kind=int64_t, slot=int64_t)
    cpdef list slots(self, Rows rows)
