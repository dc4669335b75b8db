cimport cython
from libc.stdint cimport int64_t
from collector.store.index_events cimport CommunicationSum

cdef int _MOST, _IMSI_DIGITS
cdef int64_t _NO_BEGIN
cdef str _VOICE
cdef dict _KINDS

@cython.final
cdef class NewRows:
    cdef readonly list communications, wholes, parties
    cdef readonly dict tally

cpdef str kind_name(int64_t cin, str service, str content_service, bint opened, bint content)
@cython.locals(rows=NewRows, one=CommunicationSum)
cpdef NewRows new_rows(object sums)
@cython.locals(named=list, known=list, parties=str, service=str, content=bint, kind=str, opened=int, ended=int)
cdef object _add(NewRows rows, object generation, str liid, int64_t cin, CommunicationSum one)
cdef str _shown(str text)
