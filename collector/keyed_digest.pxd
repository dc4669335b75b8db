cimport cython
from collector.keyed_state cimport SHA256_CTX

@cython.final
cdef class KeyedDigest:
    cdef SHA256_CTX _inner, _outer
    cdef unsigned char[32] _digest

    @cython.locals(block=bytes, inner=bytes, outer=bytes)
    cpdef bytes of(self, bytes octets)
