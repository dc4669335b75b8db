cimport cython
from libc.stdint cimport int64_t

@cython.locals(view="const unsigned char[::1]", into="unsigned char[::1]", count=int64_t, before=int64_t)
cpdef crc32(object octets, object value=*)
