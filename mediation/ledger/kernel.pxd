cimport cython
from libc.stdint cimport int64_t

cdef class CompactRange:
    cdef readonly int64_t size
    cdef int64_t _depth
    cdef bytearray _stack
    cdef unsigned char[::1] _stack_view

    @cython.locals(view="const unsigned char[::1]", data="const unsigned char[::1]", count=int64_t)
    cpdef extend(self, object hashes)

@cython.locals(index=int64_t, size=int64_t)
cdef void _extend(CompactRange tree, const unsigned char[::1] data, int64_t count) noexcept nogil
cdef void _join(CompactRange tree, int64_t left) noexcept nogil
