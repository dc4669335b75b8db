# The folding of CRC-32 in C, for crc.py: "Fast CRC computation for generic polynomials using PCLMULQDQ" (Intel, 2009) is
# where the method is from. The upper half of sixteen octets is moved on by 512 + 64 bits or 128 + 64, the lower one by
# 512 or 128, each time less the 32 by which a product of reversed values lies too high, and one bit to the left since it
# is one bit short. The constants are these powers of x modulo the polynomial; tests compute them anew.
from libc.stdint cimport int64_t, uint32_t

cdef extern from *:
    """
    #include <stdint.h>
    #include <string.h>
    #if defined(__x86_64__) && defined(__GNUC__)
    #include <immintrin.h>
    #define CALEA_X544 0x154442bd4ll /* x^544 */
    #define CALEA_X480 0x1c6e41596ll /* x^480 */
    #define CALEA_X160 0x1751997d0ll /* x^160 */
    #define CALEA_X96 0x0ccaa009ell /* x^96 */

    __attribute__((target("pclmul,sse4.1")))
    static inline __m128i calea_folded(__m128i value, __m128i powers, __m128i into) {
        return _mm_xor_si128(into, _mm_xor_si128(_mm_clmulepi64_si128(value, powers, 0x00),
                                                 _mm_clmulepi64_si128(value, powers, 0x11)));
    }

    __attribute__((target("pclmul,sse4.1")))
    static void calea_crc_fold(const unsigned char *at, int64_t steps, uint32_t before, unsigned char *left) {
        const __m128i far = _mm_set_epi64x(CALEA_X480, CALEA_X544), near = _mm_set_epi64x(CALEA_X96, CALEA_X160);
        const __m128i *from = (const __m128i *)at;
        __m128i a = _mm_xor_si128(_mm_loadu_si128(from), _mm_cvtsi32_si128((int)before));
        __m128i b = _mm_loadu_si128(from + 1), c = _mm_loadu_si128(from + 2), d = _mm_loadu_si128(from + 3);
        for (from += 4; --steps; from += 4) {
            a = calea_folded(a, far, _mm_loadu_si128(from));
            b = calea_folded(b, far, _mm_loadu_si128(from + 1));
            c = calea_folded(c, far, _mm_loadu_si128(from + 2));
            d = calea_folded(d, far, _mm_loadu_si128(from + 3));
        }
        b = calea_folded(a, near, b);
        c = calea_folded(b, near, c);
        d = calea_folded(c, near, d);
        _mm_storeu_si128((__m128i *)left, d);
    }

    static int calea_crc_folds(void) {
        return __builtin_cpu_supports("pclmul") && __builtin_cpu_supports("sse4.1");
    }
    #else
    static int calea_crc_folds(void) {
        return 0;
    }
    static void calea_crc_fold(const unsigned char *at, int64_t steps, uint32_t before, unsigned char *left) {
        (void)at, (void)steps, (void)before, (void)left;
    }
    #endif
    """
    bint crc_folds "calea_crc_folds"() noexcept nogil
    void crc_fold "calea_crc_fold"(const unsigned char *at, int64_t steps, uint32_t before, unsigned char *left) noexcept nogil
