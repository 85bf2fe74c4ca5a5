/* SPDX-License-Identifier: MIT */
#include "crypto/digest.h"

#include <openssl/evp.h>

bool digest_sha1(const void *bytes, size_t size, uint8_t digest[SHA1_SIZE])
{
    return EVP_Digest(bytes, size, digest, NULL, EVP_sha1(), NULL) == 1;
}
