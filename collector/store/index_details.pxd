cimport cython
from libc.stdint cimport int64_t

cpdef object details_of(object said, int64_t tag, bint laes)
cdef object _E164, _new

cdef object _accepted(object facts)
@cython.locals(found=list)
cdef tuple _names(frozenset parties)
@cython.locals(name=str, number=str, value=str)
cdef object _side(frozenset targets)
cdef str _plain(str text)
cdef object _masked_laes(int64_t tag, object value)
cdef object _masked(object value)
@cython.locals(parties=set)
cpdef object masked_details(object payload, dict fields, object iri_type)
cdef object _masked_side(dict fields, str first, str second)
