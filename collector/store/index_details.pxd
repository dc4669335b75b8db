cimport cython
from libc.stdint cimport int64_t

cpdef object details_of(object said, int64_t tag, bint laes)
cdef object _accepted(object facts)
cdef str _plain(str text)
cdef object _masked_laes(int64_t tag, object value)
@cython.locals(fields=dict, parties=set)
cdef object _masked(object value)
cdef object _masked_side(dict fields, str first, str second)
