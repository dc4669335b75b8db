# The growth of a tree in C, for kernel.py.
from libc.stdint cimport int64_t
from mediation.ledger.lanes cimport calea_lanes

cdef extern from *:
    """
    /* Leaves taken at a time: their nodes stay in the nearest cache. */
    #define CALEA_GROWTH 1024

    /* Appends up to CALEA_GROWTH leaf hashes to a compact range of `size` leaves, level by level, the nodes of a level
       hashed side by side. `peaks` has a hash for each set bit of `size`, largest subtree first; afterwards for each set
       bit of `size + count`. */
    static void calea_grow_some(unsigned char *peaks, int64_t size, const unsigned char *leaves, int64_t count) {
        unsigned char nodes[32 * CALEA_GROWTH], single[64][32], pair[65];
        const unsigned char *level = leaves;
        int64_t depth = __builtin_popcountll((unsigned long long)size);
        int singles = 0;
        struct calea_lanes lanes;
        pair[0] = 1;
        for (; count; size >>= 1) {
            /* Here `size` is how many nodes this level had: an odd one is the last peak, and the new ones join it. */
            int64_t joined = size & 1, parents = (count + joined) / 2, parent = 0, at = 0;
            calea_lanes_begin(&lanes, parents);
            if (joined) {
                memcpy(pair + 1, peaks + 32 * --depth, 32);
                memcpy(pair + 33, level, 32);
                calea_lanes_put(&lanes, pair, 65, pair, 0, nodes);
                parent = at = 1;
            }
            if ((count - at) & 1)
                memcpy(single[singles++], level + 32 * (count - 1), 32);
            /* A parent is written behind all that was read for it, so the level above may lie in the same place. */
            for (; parent < parents; parent++, at += 2) {
                memcpy(pair + 1, level + 32 * at, 64);
                calea_lanes_put(&lanes, pair, 65, pair, 0, nodes + 32 * parent);
            }
            calea_lanes_drain(&lanes);
            level = nodes;
            count = parents;
        }
        while (singles)
            memcpy(peaks + 32 * depth++, single[--singles], 32);
    }

    static void calea_grow(unsigned char *peaks, int64_t size, const unsigned char *leaves, int64_t count) {
        while (count) {
            int64_t some = count < CALEA_GROWTH ? count : CALEA_GROWTH;
            calea_grow_some(peaks, size, leaves, some);
            size += some;
            leaves += 32 * some;
            count -= some;
        }
    }
    """
    void grow "calea_grow"(unsigned char *peaks, int64_t size, const unsigned char *leaves, int64_t count) noexcept nogil
