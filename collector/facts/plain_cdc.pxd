cimport cython
from libc.stdint cimport int64_t

cdef enum:
    _ENVELOPE = 0
    _CALL = 1
    _PARTY = 2
    _WORD = 3
    _INPUT = 4
    _MAX_WORD = 128

cdef object _new, _NO_DIGITS
cdef frozenset _NOBODY
cdef dict _WAYS

@cython.locals(kept_fields=frozenset, permitted=list, parties=frozenset, own=frozenset, asked=frozenset, known=frozenset, others=frozenset, originators=frozenset, recipients=frozenset, number=int64_t, field=str, text=str, dialled=list)
cpdef object cdc_facts(str name, dict fields, object row, object arrival_us, str liid)
@cython.locals(values=list)
cpdef object placed(object facts, object cin)
@cython.locals(text=str, held=object, form=object, called=object)
cdef str _set_up(str name, tuple value, dict fields)
@cython.locals(text=object)
cdef str _only_number(object party)
cdef bint _are_words(dict call) except -1
@cython.locals(letter=Py_UCS4)
cdef bint _is_word(str text) except -1
