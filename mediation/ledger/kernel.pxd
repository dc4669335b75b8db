cimport cython
from libc.stdint cimport int64_t

cdef class CompactRange:
    cdef readonly int64_t size
    cdef bytearray _stack
    cdef unsigned char[::1] _stack_view

    @cython.locals(view="const unsigned char[::1]", data="const unsigned char[::1]", count=int64_t)
    cpdef extend(self, object hashes)
