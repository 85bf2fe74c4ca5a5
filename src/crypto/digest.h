/* SPDX-License-Identifier: MIT */
/* Digests, by libcrypto; this folder is its only user. */
#ifndef CDPI_CRYPTO_DIGEST_H
#define CDPI_CRYPTO_DIGEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SHA1_SIZE = 20 };

bool digest_sha1(const void *bytes, size_t size, uint8_t digest[SHA1_SIZE]);

#endif
