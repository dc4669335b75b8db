cimport cython
from libc.stdint cimport int64_t
from collector.json_text cimport text_of, write

@cython.locals(out=list, kind=str)
cpdef object ordinary_octets(str order_id, str liid, int64_t cin, int64_t number, str payload, str iri_type, int64_t event_us, dict fields, list withheld, int64_t original_octets, bytes digest)
