# Node hashing in C, for kernel.py.
cdef extern from *:
    """
    #define OPENSSL_SUPPRESS_DEPRECATED
    #include <openssl/sha.h>

    /* The parent of two adjacent hashes, written over the first. */
    static void calea_hash_pair(unsigned char *pair) {
        static const unsigned char prefix = 1;
        SHA256_CTX context;
        SHA256_Init(&context);
        SHA256_Update(&context, &prefix, 1);
        SHA256_Update(&context, pair, 64);
        SHA256_Final(pair, &context);
    }
    """
    void hash_pair "calea_hash_pair"(unsigned char *pair) noexcept nogil
