cimport cython
from libc.stdint cimport int64_t
cimport asn1.columns as _columns

cimport collector.stream_table as _streams
from collector.communications cimport Communications
from collector.facts.ordinary cimport ordinary_facts
from collector.keyed_digest cimport KeyedDigest
from collector.mask cimport ordinary_octets
from collector.quality cimport LinkQuality
from collector.rows cimport Rows
from collector.store.index_details cimport details_of, masked_details
from collector.stream_table cimport target_of
from collector.synthetic cimport OpenBook

cdef enum:
    _UNKNOWN = 0
    _OK = 1
    _SIDE = 1
    _MASKED = 1

cdef object _NO_DIGITS

@cython.final
cdef class Kept:
    cdef readonly object verdict
    cdef readonly int64_t number, mask
    cdef readonly tuple names
    cdef readonly bint masked

cdef Kept _WHOLE, _CONTENT, _PLACE, _BOTH

@cython.final
cdef class Terms:
    cdef readonly tuple orders
    cdef readonly object order, uid, account, counts
    cdef readonly str text, order_id
    cdef readonly frozenset targets, services
    cdef readonly int64_t slot, start_us, end_us, run
    cdef readonly bint metadata_only, location

@cython.final
cdef class Run:
    cdef object batch, account, view
    cdef dict said
    cdef Rows rows
    cdef LinkQuality quality
    cdef int64_t number, now_us, skew_us, skew_hard_us, late_us
    cdef bint tells_masked

@cython.final
cdef class Ordinary:
    cdef object _orders_for, _keeper, _minimised, _ended, _refusals
    cdef OpenBook _open
    cdef KeyedDigest _digest
    cdef list _liids
    cdef int64_t _forget_us, _runs
    cdef Communications _known
    cdef dict _terms

    @cython.locals(run=Run, end=int64_t)
    cpdef int64_t judge(self, object batch, object policy, LinkQuality quality, object view, _columns.Columns cols, _streams.VerifyColumns verify, object rows, int64_t at, int64_t now_us) except -1
    @cython.locals(run=Run, liid=int64_t, cin=int64_t, event_us=int64_t, terms=Terms, kept=Kept)
    cpdef object message(self, object batch, object policy, LinkQuality quality, object facts, _columns.Columns cols, int64_t row, bytes octets, int64_t slot, int64_t now_us)
    @cython.locals(kept=Kept)
    cdef Kept _kept(self, Run run, Terms terms, object facts, int64_t event_us, int64_t slot, int64_t liid, int64_t cin)
    @cython.locals(slot=int64_t, liid=int64_t, terms=Terms, cin=int64_t, start=int64_t, record=bytes, event_us=int64_t, kept=Kept)
    cdef bint _judge(self, Run run, _columns.Columns cols, _streams.VerifyColumns verify, int64_t row) except -1
    @cython.locals(terms=Terms)
    cdef Terms _terms_of(self, int64_t liid, int64_t run)
    @cython.locals(known=Communications, key=int64_t, target=int64_t, before=object, named=object)
    cdef bint _take_part(self, object account, Terms terms, object facts, int64_t event_us, int64_t slot, int64_t liid, int64_t cin) except -1
    @cython.locals(known=Communications, changed=bint, originates=object, answered_us=object)
    cdef object _remember(self, object account, Terms terms, object facts, int64_t event_us, int64_t slot, int64_t key, int64_t liid, int64_t cin, int64_t target, object before, object named)
    cdef object _follow(self, Terms terms, object iri_type, int64_t event_us, int64_t liid, int64_t cin, int64_t now_us)
    @cython.locals(rows=Rows, side=bytearray, buffer=int64_t, offset=int64_t, length=int64_t, form=int64_t)
    cdef object _keep(self, Run run, Terms terms, object facts, Kept kept, bytes record, _columns.Columns cols, int64_t row, int64_t epoch)
    @cython.locals(digest=bytes, fields=dict, withheld=list)
    cdef bytes _masked(self, Run run, Terms terms, object facts, bytes record)

@cython.locals(ahead_us=int64_t)
cdef bint _in_time(Terms terms, int64_t event_us, Run run) except -1
@cython.locals(stamp_us=int64_t)
cdef bint _all_within(Terms terms, tuple stamps_us) except -1
@cython.locals(hidden=bint)
cdef Kept _scope(Terms terms, object facts)
