/* SPDX-License-Identifier: MIT */
/* clang-format off */
/*
 * Case files: what is a protocol, and what only looks like it. src/protocols/NAME/NAME.cases
 *
 *     # a comment
 *     == a title in words
 *     tcp 40000 22                    transport, client port, server port
 *     tcp 40000 22 late               no SYN was seen: the stream was joined under way
 *     sctp 40000 36412 18             the third number is the payload protocol identifier
 *     s "SSH-2.0-x\r\n"               the server sends a segment (UDP: a datagram)
 *     c 53 53 48 2d "2.0-y\r\n"       the client; hex bytes and text mixed; text escapes \r \n \t \0 \\ \" \xNN
 *     c 00*16 "padding above"         a byte, repeated
 *     is SSH certain                  or: is SSH likely | is SSH | is none | not SSH
 *     rule "identification string"    optional: the evidence's rule
 *     app BitTorrent                  optional: the application inside
 *
 * A line that begins with blanks continues the one before. "is none" says that no room at all names
 * it; "not SSH" says only that it is not called that (another protocol may rightly claim it).
 */
/* clang-format on */
#ifndef CDPI_TESTS_CASES_H
#define CDPI_TESTS_CASES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { CASE_MESSAGES = 16, CASE_BYTES = 16384 };

struct message {
    uint8_t side; /* 0 client, 1 server */
    uint32_t offset, size;
};

struct test_case {
    char file[160];
    int line;
    char title[160];
    uint8_t ip_protocol;
    uint16_t port[2];
    bool is_late;       /* TCP without its SYN */
    uint32_t sctp_ppid; /* the payload protocol identifier: a third number after sctp's ports */
    struct message messages[CASE_MESSAGES];
    unsigned message_count;
    uint8_t bytes[CASE_BYTES];
    uint32_t byte_count;
    bool expects_none;
    bool is_not;       /* "not NAME" */
    char expected[64]; /* canonical name; "" with none */
    int confidence;    /* 0 any, 1 likely, 2 certain */
    char rule[96], application[64];
};

/* Calls visit for each case of a file. False, with a message on stderr, where the file is not well
 * formed. */
bool cases_read(const char *path, void (*visit)(void *context, const struct test_case *c),
                void *context);

/* All case files under a folder (src/protocols), in name order. */
bool cases_read_all(const char *folder, void (*visit)(void *context, const struct test_case *c),
                    void *context);

#endif
