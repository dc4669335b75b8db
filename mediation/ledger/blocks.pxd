# SHA-256's compression function (FIPS 180-4 6.2.2) for several messages at a time, in C, as processors have it; what
# hashes whole messages with it is in lanes.pxd, what the ways are for in docs/adr/0025-bulk-store.md and
# docs/adr/0052-two-messages-at-a-time.md.
#
# Sixteen: AVX-512, a message in each 32-bit lane. Pair: the SHA instructions, two messages interleaved, since each of
# the instructions waits for the one before it in the same message. One: libcrypto, one message after the other, on
# every other processor. Which it is shows in no octet.
from libc.stdint cimport int64_t

cdef extern from *:
    """
    #ifndef CALEA_BLOCKS
    #define CALEA_BLOCKS
    #include <stdint.h>
    #include <string.h>
    #if defined(__x86_64__) && defined(__GNUC__)
    #define CALEA_X86 1
    #include <cpuid.h>
    #include <immintrin.h>
    #else
    #define CALEA_X86 0
    #endif
    /* Each kernel uses some of what is here. */
    #ifdef __GNUC__
    #define CALEA_SOME __attribute__((unused))
    #else
    #define CALEA_SOME
    #endif

    enum calea_ways { CALEA_ONE, CALEA_PAIR, CALEA_SIXTEEN };
    /* Fewer messages than this are sooner hashed in another way than in sixteen lanes. */
    #define CALEA_WORTH_SIXTEEN 6

    #if CALEA_X86
    /* Asked once, when the kernel is loaded: under a hypervisor each answer costs microseconds. Not every compiler
       knows the name of these instructions. */
    static int calea_sha;

    __attribute__((constructor)) static void calea_ask(void) {
        unsigned int a, b, c, d;
        calea_sha = __get_cpuid_count(7, 0, &a, &b, &c, &d) && (b >> 29 & 1);
    }
    #endif

    /* Whether this processor has what a way needs. */
    CALEA_SOME static int calea_can(int way) {
    #if CALEA_X86
        if (way == CALEA_SIXTEEN)
            return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw");
        if (way == CALEA_PAIR)
            return calea_sha && __builtin_cpu_supports("ssse3") && __builtin_cpu_supports("sse4.1");
    #endif
        return way == CALEA_ONE;
    }

    /* The quickest way that this processor has for so many messages. */
    CALEA_SOME static int calea_way(int64_t messages) {
        if (messages >= CALEA_WORTH_SIXTEEN && calea_can(CALEA_SIXTEEN))
            return CALEA_SIXTEEN;
        return calea_can(CALEA_PAIR) ? CALEA_PAIR : CALEA_ONE;
    }

    #if CALEA_X86
    static const uint32_t calea_round[64] __attribute__((aligned(64))) = {
        0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
        0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
        0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
        0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
        0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
        0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
        0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
        0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

    static const uint32_t calea_initial[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                              0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};

    #define CALEA_ROR(x, n) _mm512_ror_epi32(x, n)
    #define CALEA_XOR3(x, y, z) _mm512_ternarylogic_epi32(x, y, z, 0x96)
    #define CALEA_ADD(x, y) _mm512_add_epi32(x, y)

    #define CALEA_AVX512 __attribute__((target("avx512f,avx512bw")))

    /* Sixteen rows of sixteen words turned, so that w[i] holds word i of all of them; the words' octets are swapped. */
    CALEA_AVX512 static inline __attribute__((always_inline)) void calea_turn(const __m512i *rows, __m512i *w) {
        const __m512i big_endian = _mm512_broadcast_i32x4(
            _mm_set_epi8(12, 13, 14, 15, 8, 9, 10, 11, 4, 5, 6, 7, 0, 1, 2, 3));
        __m512i r[16], t[16];
        int i;
        for (i = 0; i < 16; i++)
            r[i] = _mm512_shuffle_epi8(rows[i], big_endian);
        for (i = 0; i < 16; i += 4) {
            __m512i x = _mm512_unpacklo_epi32(r[i], r[i + 1]), y = _mm512_unpackhi_epi32(r[i], r[i + 1]);
            __m512i z = _mm512_unpacklo_epi32(r[i + 2], r[i + 3]), v = _mm512_unpackhi_epi32(r[i + 2], r[i + 3]);
            t[i] = _mm512_unpacklo_epi64(x, z);
            t[i + 1] = _mm512_unpackhi_epi64(x, z);
            t[i + 2] = _mm512_unpacklo_epi64(y, v);
            t[i + 3] = _mm512_unpackhi_epi64(y, v);
        }
        for (i = 0; i < 4; i++) {
            __m512i x = _mm512_shuffle_i32x4(t[i], t[i + 4], 0x88), y = _mm512_shuffle_i32x4(t[i + 8], t[i + 12], 0x88);
            __m512i z = _mm512_shuffle_i32x4(t[i], t[i + 4], 0xdd), v = _mm512_shuffle_i32x4(t[i + 8], t[i + 12], 0xdd);
            w[i] = _mm512_shuffle_i32x4(x, y, 0x88);
            w[i + 4] = _mm512_shuffle_i32x4(z, v, 0x88);
            w[i + 8] = _mm512_shuffle_i32x4(x, y, 0xdd);
            w[i + 12] = _mm512_shuffle_i32x4(z, v, 0xdd);
        }
    }

    /* FIPS 180-4 6.2.2: one block of each lane, `w` its words, which are used up. */
    CALEA_AVX512 static inline __attribute__((always_inline)) void calea_block(__m512i *s, __m512i *w) {
        __m512i a = s[0], b = s[1], c = s[2], d = s[3], e = s[4], f = s[5], g = s[6], h = s[7];
        int i;
        _Pragma("GCC unroll 64")
        for (i = 0; i < 64; i++) {
            __m512i next, sum;
            if (i >= 16) {
                __m512i x = w[(i + 1) & 15], y = w[(i + 14) & 15];
                x = CALEA_XOR3(CALEA_ROR(x, 7), CALEA_ROR(x, 18), _mm512_srli_epi32(x, 3));
                y = CALEA_XOR3(CALEA_ROR(y, 17), CALEA_ROR(y, 19), _mm512_srli_epi32(y, 10));
                w[i & 15] = CALEA_ADD(CALEA_ADD(w[i & 15], x), CALEA_ADD(w[(i + 9) & 15], y));
            }
            sum = CALEA_ADD(CALEA_ADD(h, _mm512_set1_epi32((int)calea_round[i])), w[i & 15]);
            sum = CALEA_ADD(sum, CALEA_ADD(CALEA_XOR3(CALEA_ROR(e, 6), CALEA_ROR(e, 11), CALEA_ROR(e, 25)),
                                           _mm512_ternarylogic_epi32(e, f, g, 0xca)));
            next = CALEA_ADD(CALEA_XOR3(CALEA_ROR(a, 2), CALEA_ROR(a, 13), CALEA_ROR(a, 22)),
                             _mm512_ternarylogic_epi32(a, b, c, 0xe8));
            h = g;
            g = f;
            f = e;
            e = CALEA_ADD(d, sum);
            d = c;
            c = b;
            b = a;
            a = CALEA_ADD(sum, next);
        }
        s[0] = CALEA_ADD(s[0], a);
        s[1] = CALEA_ADD(s[1], b);
        s[2] = CALEA_ADD(s[2], c);
        s[3] = CALEA_ADD(s[3], d);
        s[4] = CALEA_ADD(s[4], e);
        s[5] = CALEA_ADD(s[5], f);
        s[6] = CALEA_ADD(s[6], g);
        s[7] = CALEA_ADD(s[7], h);
    }
    /* So many blocks of each lane. `state[16 * word + lane]`; `at`: where a lane's next block is, moved on by `step`. */
    CALEA_SOME CALEA_AVX512 __attribute__((noinline))
    static void calea_sixteen_blocks(uint32_t *state, const unsigned char **at, const int64_t *step, int64_t blocks) {
        __m512i s[8];
        int i;
        for (i = 0; i < 8; i++)
            s[i] = _mm512_loadu_si512(state + 16 * i);
        for (; blocks; blocks--) {
            __m512i rows[16], w[16];
            for (i = 0; i < 16; i++) {
                rows[i] = _mm512_loadu_si512(at[i]);
                at[i] += step[i];
            }
            calea_turn(rows, w);
            calea_block(s, w);
        }
        for (i = 0; i < 8; i++)
            _mm512_storeu_si512(state + 16 * i, s[i]);
    }

    /* RFC 6962 2.1: the parents of sixteen pairs of hashes that lie one behind the other. All pairs are read before a
       parent is written. */
    CALEA_SOME CALEA_AVX512 __attribute__((noinline))
    static void calea_sixteen_parents(const unsigned char *pairs, unsigned char *parents) {
        const __m512i big_endian = _mm512_broadcast_i32x4(
            _mm_set_epi8(12, 13, 14, 15, 8, 9, 10, 11, 4, 5, 6, 7, 0, 1, 2, 3));
        __m512i s[8], rows[16], p[16], w[16];
        int i, half;
        for (i = 0; i < 8; i++)
            s[i] = _mm512_set1_epi32((int)calea_initial[i]);
        for (i = 0; i < 16; i++)
            rows[i] = _mm512_loadu_si512(pairs + 64 * i);
        calea_turn(rows, p);
        /* The octet 1 stands before the pair, so every word is made of two; the pair's last octet begins block two. */
        w[0] = _mm512_or_si512(_mm512_srli_epi32(p[0], 8), _mm512_set1_epi32(0x01000000));
        for (i = 1; i < 16; i++)
            w[i] = _mm512_or_si512(_mm512_srli_epi32(p[i], 8), _mm512_slli_epi32(p[i - 1], 24));
        calea_block(s, w);
        w[0] = _mm512_or_si512(_mm512_slli_epi32(p[15], 24), _mm512_set1_epi32(0x00800000));
        for (i = 1; i < 15; i++)
            w[i] = _mm512_setzero_si512();
        w[15] = _mm512_set1_epi32(8 * 65);
        calea_block(s, w);
        for (half = 0; half < 2; half++) {
            __m512i t[4], q[4];
            for (i = 0; i < 4; i++)
                t[i] = _mm512_shuffle_epi8(s[4 * half + i], big_endian);
            q[0] = _mm512_unpacklo_epi32(t[0], t[1]);
            q[1] = _mm512_unpackhi_epi32(t[0], t[1]);
            q[2] = _mm512_unpacklo_epi32(t[2], t[3]);
            q[3] = _mm512_unpackhi_epi32(t[2], t[3]);
            t[0] = _mm512_unpacklo_epi64(q[0], q[2]);
            t[1] = _mm512_unpackhi_epi64(q[0], q[2]);
            t[2] = _mm512_unpacklo_epi64(q[1], q[3]);
            t[3] = _mm512_unpackhi_epi64(q[1], q[3]);
            for (i = 0; i < 4; i++) {
                unsigned char *at = parents + 32 * i + 16 * half;
                _mm_storeu_si128((__m128i *)at, _mm512_extracti32x4_epi32(t[i], 0));
                _mm_storeu_si128((__m128i *)(at + 128), _mm512_extracti32x4_epi32(t[i], 1));
                _mm_storeu_si128((__m128i *)(at + 256), _mm512_extracti32x4_epi32(t[i], 2));
                _mm_storeu_si128((__m128i *)(at + 384), _mm512_extracti32x4_epi32(t[i], 3));
            }
        }
    }

    #define CALEA_SHA __attribute__((target("sha,sse4.1,ssse3")))

    /* How the instructions want the state: FEBA and HGDC, the lowest word first. */
    static const uint32_t calea_paired[8] __attribute__((aligned(16))) = {
        0x9b05688c, 0x510e527f, 0xbb67ae85, 0x6a09e667, 0x5be0cd19, 0x1f83d9ab, 0xa54ff53a, 0x3c6ef372};

    /* One block of each of two messages, `w` their words, which are used up. */
    CALEA_SHA static inline __attribute__((always_inline))
    void calea_pair_block(__m128i *feba, __m128i *hgdc, __m128i (*w)[4]) {
        __m128i x[2] = {feba[0], feba[1]}, y[2] = {hgdc[0], hgdc[1]};
        int i, lane;
        _Pragma("GCC unroll 16")
        for (i = 0; i < 16; i++) {
            _Pragma("GCC unroll 2")
            for (lane = 0; lane < 2; lane++) {
                __m128i *v = w[lane], sum;
                if (i >= 4)
                    v[i & 3] = _mm_sha256msg2_epu32(
                        _mm_add_epi32(_mm_sha256msg1_epu32(v[i & 3], v[(i + 1) & 3]),
                                      _mm_alignr_epi8(v[(i + 3) & 3], v[(i + 2) & 3], 4)),
                        v[(i + 3) & 3]);
                sum = _mm_add_epi32(v[i & 3], _mm_load_si128((const __m128i *)(calea_round + 4 * i)));
                y[lane] = _mm_sha256rnds2_epu32(y[lane], x[lane], sum);
                x[lane] = _mm_sha256rnds2_epu32(x[lane], y[lane], _mm_shuffle_epi32(sum, 0x0e));
            }
        }
        for (lane = 0; lane < 2; lane++) {
            feba[lane] = _mm_add_epi32(feba[lane], x[lane]);
            hgdc[lane] = _mm_add_epi32(hgdc[lane], y[lane]);
        }
    }

    CALEA_SHA static inline __attribute__((always_inline)) void calea_pair_words(const unsigned char *at, __m128i *w) {
        const __m128i big_endian = _mm_set_epi8(12, 13, 14, 15, 8, 9, 10, 11, 4, 5, 6, 7, 0, 1, 2, 3);
        int i;
        for (i = 0; i < 4; i++)
            w[i] = _mm_shuffle_epi8(_mm_loadu_si128((const __m128i *)at + i), big_endian);
    }

    CALEA_SHA static inline __attribute__((always_inline))
    void calea_pair_out(__m128i feba, __m128i hgdc, unsigned char *digest) {
        const __m128i turned = _mm_set_epi8(8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7);
        _mm_storeu_si128((__m128i *)digest, _mm_shuffle_epi8(_mm_unpackhi_epi64(feba, hgdc), turned));
        _mm_storeu_si128((__m128i *)digest + 1, _mm_shuffle_epi8(_mm_unpacklo_epi64(feba, hgdc), turned));
    }

    /* So many blocks of both messages; `state` has eight words of each, as `calea_paired`, the rest is as above. */
    CALEA_SOME CALEA_SHA __attribute__((noinline))
    static void calea_pair_blocks(uint32_t *state, const unsigned char **at, const int64_t *step, int64_t blocks) {
        __m128i *s = (__m128i *)state, feba[2], hgdc[2];
        const unsigned char *one = at[0], *other = at[1];
        feba[0] = _mm_loadu_si128(s);
        hgdc[0] = _mm_loadu_si128(s + 1);
        feba[1] = _mm_loadu_si128(s + 2);
        hgdc[1] = _mm_loadu_si128(s + 3);
        for (; blocks; blocks--) {
            __m128i w[2][4];
            calea_pair_words(one, w[0]);
            calea_pair_words(other, w[1]);
            calea_pair_block(feba, hgdc, w);
            one += step[0];
            other += step[1];
        }
        at[0] = one;
        at[1] = other;
        _mm_storeu_si128(s, feba[0]);
        _mm_storeu_si128(s + 1, hgdc[0]);
        _mm_storeu_si128(s + 2, feba[1]);
        _mm_storeu_si128(s + 3, hgdc[1]);
    }

    CALEA_SOME CALEA_SHA static void calea_pair_digest(const uint32_t *state, unsigned char *digest) {
        const __m128i *s = (const __m128i *)state;
        calea_pair_out(_mm_loadu_si128(s), _mm_loadu_si128(s + 1), digest);
    }

    /* A pair of hashes as a lane's words; its last octet begins the second block, which is answered. The octet 1 stands
       before the pair, so all of it is moved by one. */
    CALEA_SHA static inline __attribute__((always_inline))
    __m128i calea_pair_node(const unsigned char *pair, __m128i *feba, __m128i *hgdc, __m128i *w) {
        const __m128i big_endian = _mm_set_epi8(12, 13, 14, 15, 8, 9, 10, 11, 4, 5, 6, 7, 0, 1, 2, 3);
        __m128i before = _mm_slli_si128(_mm_cvtsi32_si128(1), 15);
        int i;
        *feba = _mm_load_si128((const __m128i *)calea_paired);
        *hgdc = _mm_load_si128((const __m128i *)calea_paired + 1);
        for (i = 0; i < 4; i++) {
            __m128i next = _mm_loadu_si128((const __m128i *)pair + i);
            w[i] = _mm_shuffle_epi8(_mm_alignr_epi8(next, before, 15), big_endian);
            before = next;
        }
        return _mm_shuffle_epi8(_mm_alignr_epi8(_mm_cvtsi32_si128(0x80), before, 15), big_endian);
    }

    CALEA_SHA static inline __attribute__((always_inline)) void calea_pair_second(__m128i last, __m128i *w) {
        w[0] = last;
        w[1] = w[2] = _mm_setzero_si128();
        w[3] = _mm_set_epi32(8 * 65, 0, 0, 0);
    }

    /* RFC 6962 2.1: the parents of two pairs of hashes. Both pairs are read before a parent is written. */
    CALEA_SOME CALEA_SHA __attribute__((noinline))
    static void calea_pair_parents(const unsigned char *one, const unsigned char *other, unsigned char *parents,
                                   int64_t count) {
        __m128i feba[2], hgdc[2], w[2][4], last[2];
        int64_t lane;
        last[0] = calea_pair_node(one, feba, hgdc, w[0]);
        last[1] = calea_pair_node(other, feba + 1, hgdc + 1, w[1]);
        calea_pair_block(feba, hgdc, w);
        calea_pair_second(last[0], w[0]);
        calea_pair_second(last[1], w[1]);
        calea_pair_block(feba, hgdc, w);
        for (lane = 0; lane < count; lane++)
            calea_pair_out(feba[lane], hgdc[lane], parents + 32 * lane);
    }

    /* The parents of `count` pairs of hashes one after the other, and beside each two blocks of another message. */
    CALEA_SOME CALEA_SHA __attribute__((noinline))
    static void calea_pair_beside(const unsigned char *pairs, int64_t count, unsigned char *parents, uint32_t *state,
                                  const unsigned char *at) {
        __m128i *s = (__m128i *)state, feba[2], hgdc[2];
        feba[1] = _mm_loadu_si128(s);
        hgdc[1] = _mm_loadu_si128(s + 1);
        for (; count; count--, pairs += 64, parents += 32, at += 128) {
            __m128i w[2][4], last = calea_pair_node(pairs, feba, hgdc, w[0]);
            calea_pair_words(at, w[1]);
            calea_pair_block(feba, hgdc, w);
            calea_pair_second(last, w[0]);
            calea_pair_words(at + 64, w[1]);
            calea_pair_block(feba, hgdc, w);
            calea_pair_out(feba[0], hgdc[0], parents);
        }
        _mm_storeu_si128(s, feba[1]);
        _mm_storeu_si128(s + 1, hgdc[1]);
    }
    #endif
    #endif
    """
    bint calea_can(int64_t way) noexcept nogil
    int64_t calea_way(int64_t messages) noexcept nogil
