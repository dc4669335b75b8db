cimport cython
from libc.stdint cimport int64_t

@cython.locals(at=int64_t, head="const unsigned char*", body="const unsigned char*", first=bytes, rest=bytes)
cdef _digests(object messages, int64_t way, unsigned char[::1] found)
cdef _parents(const unsigned char[::1] pairs, int64_t way, int64_t count, unsigned char[::1] found)
