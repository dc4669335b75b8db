# The growth of a tree in C, for kernel.py, and the digest of a message beside it.
#
# A long message alone keeps half of a pair idle (blocks.pxd), and cannot be shared out. So it goes beside the nodes of a tree
# that are to be hashed at the same moment, a node and two of its blocks at a time.
from libc.stdint cimport int64_t
from mediation.ledger.lanes cimport calea_lanes

cdef extern from *:
    """
    /* Leaves taken at a time: their nodes stay in the nearest cache. */
    #define CALEA_GROWTH 1024

    /* A message that is hashed beside nodes: so many whole blocks are left of it. */
    struct calea_beside {
        uint32_t state[16];
        const unsigned char *at;
        int64_t blocks;
    };

    /* `calea_join` in the best way, with blocks of a message beside as long as there are any. */
    static void calea_join_beside(const unsigned char *pairs, int64_t count, unsigned char *parents,
                                  struct calea_beside *beside) {
    #if CALEA_X86
        int64_t some = beside->blocks / 2 < count ? beside->blocks / 2 : count;
        if (some) {
            calea_pair_beside(pairs, some, parents, beside->state, beside->at);
            beside->at += 128 * some;
            beside->blocks -= 2 * some;
            pairs += 64 * some;
            parents += 32 * some;
            count -= some;
        }
    #endif
        calea_join(calea_way(count), pairs, count, parents);
    }

    /* Appends up to CALEA_GROWTH leaf hashes to a compact range of `size` leaves, level by level. `peaks` has a hash for
       each set bit of `size`, largest subtree first; afterwards for each set bit of `size + count`. */
    static void calea_grow_some(unsigned char *peaks, int64_t size, const unsigned char *leaves, int64_t count,
                                struct calea_beside *beside) {
        unsigned char nodes[32 * CALEA_GROWTH], single[64][32];
        const unsigned char *level = leaves;
        int64_t depth = __builtin_popcountll((unsigned long long)size);
        int singles = 0;
        for (; count; size >>= 1) {
            /* Here `size` is how many nodes this level had: an odd one is the last peak, and the first new one joins it. */
            int64_t joined = size & 1, parents = (count - joined) / 2;
            unsigned char pair[64];
            if (joined) {
                memcpy(pair, peaks + 32 * --depth, 32);
                memcpy(pair + 32, level, 32);
                level += 32;
                count--;
            }
            if (count & 1)
                memcpy(single[singles++], level + 32 * (count - 1), 32);
            calea_join_beside(level, parents, nodes + 32 * joined, beside);
            if (joined)
                calea_join_beside(pair, 1, nodes, beside);
            level = nodes;
            count = parents + joined;
        }
        while (singles)
            memcpy(peaks + 32 * depth++, single[--singles], 32);
    }

    static void calea_grow(unsigned char *peaks, int64_t size, const unsigned char *leaves, int64_t count,
                           struct calea_beside *beside) {
        while (count) {
            int64_t some = count < CALEA_GROWTH ? count : CALEA_GROWTH;
            calea_grow_some(peaks, size, leaves, some, beside);
            size += some;
            leaves += 32 * some;
            count -= some;
        }
    }

    static void calea_grow_alone(unsigned char *peaks, int64_t size, const unsigned char *leaves, int64_t count) {
        struct calea_beside nothing;
        nothing.blocks = 0;
        calea_grow(peaks, size, leaves, count, &nothing);
    }

    /* The same, and the digest of a message: beside the nodes where messages are hashed in pairs, else by itself. */
    static void calea_grow_beside(unsigned char *peaks, int64_t size, const unsigned char *leaves, int64_t count,
                                  int64_t way, const unsigned char *message, int64_t octets, unsigned char *digest) {
    #if CALEA_X86
        if (way == CALEA_PAIR) {
            static const int64_t step[2] = {64, 0};
            struct calea_beside beside;
            unsigned char end[128];
            const unsigned char *at[2];
            int64_t whole = octets / 64, blocks = calea_end(end, message + 64 * whole, octets - 64 * whole, octets);
            memcpy(beside.state, calea_paired, 32);
            memcpy(beside.state + 8, calea_paired, 32);
            beside.at = message;
            beside.blocks = whole;
            calea_grow(peaks, size, leaves, count, &beside);
            /* What is left of it is alone; the other lane reads one block over and over, and is nobody's. */
            at[0] = beside.at;
            at[1] = end;
            calea_pair_blocks(beside.state, at, step, beside.blocks);
            at[0] = end;
            calea_pair_blocks(beside.state, at, step, blocks);
            calea_pair_digest(beside.state, digest);
            return;
        }
    #endif
        calea_grow_alone(peaks, size, leaves, count);
        SHA256(message, (size_t)octets, digest);
    }
    """
    void grow "calea_grow_alone"(unsigned char *peaks, int64_t size, const unsigned char *leaves, int64_t count) noexcept nogil
    void grow_beside "calea_grow_beside"(unsigned char *peaks, int64_t size, const unsigned char *leaves, int64_t count, int64_t way, const unsigned char *message, int64_t octets, unsigned char *digest) noexcept nogil
