cimport cython
from libc.stdint cimport int64_t

cdef class CompactRange:
    cdef readonly int64_t size
    cdef bytearray _stack
    cdef unsigned char[::1] _stack_view

    @cython.locals(data="const unsigned char[::1]", count=int64_t)
    cpdef extend(self, object hashes)
    @cython.locals(data="const unsigned char[::1]", message="const unsigned char[::1]", digest="unsigned char[::1]", count=int64_t, length=int64_t, way=int64_t)
    cpdef extend_beside(self, object hashes, object octets)
