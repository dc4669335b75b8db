cimport cython
from libc.stdint cimport int8_t, int32_t, int64_t, uint32_t

cdef int64_t _sum(const uint32_t[:] liids, const int64_t[:] cins, const int8_t[:] kinds, const uint32_t[:] extents, const int8_t[:] directions, const int64_t[:] events, const uint32_t[:] epochs, const int64_t[:] numbers, int64_t count, int64_t[::1] groups, int32_t[::1] table, int64_t mask, int64_t capacity, int64_t no_time, int64_t latest) except? -2
@cython.locals(found=int64_t, base=int64_t, row=int64_t, kind=int64_t, liid=int64_t, cin=int64_t, slot=int64_t, direction=int64_t, event=int64_t, number=int64_t, epoch=int64_t, place=int64_t)
cdef int64_t _sum_rows(const uint32_t[:] liids, const int64_t[:] cins, const int8_t[:] kinds, const uint32_t[:] extents, const int8_t[:] directions, const int64_t[:] events, const uint32_t[:] epochs, const int64_t[:] numbers, int64_t count, int64_t[::1] groups, int32_t[::1] table, int64_t mask, int64_t capacity, int64_t no_time, int64_t latest) noexcept nogil
