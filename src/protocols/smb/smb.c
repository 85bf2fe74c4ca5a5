/* SPDX-License-Identifier: MIT */
/*
 * SMB 1, 2 and 3. Each message stands in a frame of four bytes: a zero and its size ([MS-SMB2]
 * section 2.1; over NetBIOS, RFC 1002 section 4.3.6, the same with a type of zero). It begins with
 *
 *     ff 'SMB'    SMB 1, [MS-CIFS] section 2.2.3.1: command, status, flags ...
 *     fe 'SMB'    SMB 2 and 3, [MS-SMB2] section 2.2.1: structure size 64 ...
 *     fd 'SMB'    encrypted, section 2.2.41        fc 'SMB'    compressed, section 2.2.42
 *
 * On port 139 a NetBIOS session request and its answer come first.
 */
#include "protocols/protocol.h"

enum {
    SMB1_HEADER = 32,
    SMB2_HEADER = 64,
    TRANSFORM_HEADER = 52,
    COMPRESSION_HEADER = 16,
    SESSION_REQUEST = 0x81,
    KEEP_ALIVE = 0x85,
    LAST_SMB2_COMMAND = 0x13
};

/* Session messages before the first SMB message (or between): passed over. False: something
 * else. */
static bool pass_session_messages(struct cursor *c)
{
    while (cursor_left(c) > 0) {
        int type = cursor_peek(c, 0);
        if (type < SESSION_REQUEST || type > KEEP_ALIVE)
            return true;
        cursor_skip(c, 1);
        uint8_t flags = cursor_u8(c);
        uint16_t size = cursor_u16(c);
        if (flags > 1 || size > 512)
            return false;
        cursor_skip(c, size);
        if (c->ran_short)
            return true;
    }
    c->ran_short = true;
    return true;
}

/* [MS-CIFS] 2.2.3.1: the reserved word is zero; the words that are counted fit the message. */
static bool smb1(struct cursor *c, uint32_t size)
{
    cursor_skip(c, 1 + 4 + 1 + 2 + 2 + 8); /* command, status, flags, process id, signature */
    uint16_t reserved = cursor_u16(c);
    cursor_skip(c, 8);
    uint8_t words = cursor_u8(c);
    return c->ran_short || (reserved == 0 && SMB1_HEADER + 3u + words * 2u <= size);
}

/* Attacks and probes break the rest of a header, not its first bytes: the flags' reserved bits are
 * zero, or the structure's size is right. */
static bool is_broken_message(struct cursor c, uint8_t kind)
{
    if (kind == 0xff) {
        cursor_skip(&c, 6);
        uint16_t flags = cursor_le16(&c);
        return !c.ran_short && (flags & 0x03a0) == 0;
    }
    return kind == 0xfe && cursor_le16(&c) == SMB2_HEADER && !c.ran_short;
}

static bool smb2(struct cursor *c, uint32_t size)
{
    uint16_t structure_size = cursor_le16(c);
    cursor_skip(c, 6);
    uint16_t command = cursor_le16(c);
    return c->ran_short ||
           (structure_size == SMB2_HEADER && command <= LAST_SMB2_COMMAND && size >= SMB2_HEADER);
}

static bool smb3_encrypted(struct cursor *c, uint32_t size)
{
    cursor_skip(c, 32); /* signature, nonce */
    uint32_t original = cursor_le32(c);
    uint16_t reserved = cursor_le16(c), flags = cursor_le16(c);
    return c->ran_short || (reserved == 0 && flags == 1 && original + TRANSFORM_HEADER == size);
}

static bool smb3_compressed(struct cursor *c, uint32_t size)
{
    uint32_t original = cursor_le32(c);
    uint16_t algorithm = cursor_le16(c), flags = cursor_le16(c);
    return c->ran_short ||
           (original != 0 && algorithm <= 5 && flags <= 1 && size >= COMPRESSION_HEADER);
}

static bool is_message(struct cursor *c, uint8_t kind, uint32_t size)
{
    switch (kind) {
    case 0xff:
        return smb1(c, size);
    case 0xfe:
        return smb2(c, size);
    case 0xfd:
        return smb3_encrypted(c, size);
    case 0xfc:
        return smb3_compressed(c, size);
    default:
        return false;
    }
}

static bool may_be_magic(const struct cursor *c)
{
    return cursor_may_start_with(c, "\xffSMB") || cursor_may_start_with(c, "\xfeSMB") ||
           cursor_may_start_with(c, "\xfdSMB") || cursor_may_start_with(c, "\xfcSMB");
}

static enum answer judge(struct inspection *in, struct cursor c)
{
    if (!pass_session_messages(&c))
        return NO;
    if (c.ran_short)
        return short_of(in, &c);
    if (cursor_u8(&c) != 0)
        return NO;
    uint32_t size = cursor_u24(&c);
    if (c.ran_short)
        return short_of(in, &c);
    if (!may_be_magic(&c))
        return NO;
    uint8_t kind = cursor_u8(&c);
    cursor_skip(&c, 3);
    struct cursor body = c;
    if (!c.ran_short && (size < COMPRESSION_HEADER || !is_message(&c, kind, size)))
        return is_broken_message(body, kind) ? likely(in, "damaged header", &body)
               : cursor_left(&body) < 10     ? short_of(in, &body)
                                             : NO;
    if (c.ran_short)
        return short_of(in, &c);
    return yes(in, kind == 0xff ? "SMB 1 header" : "SMB 2 header", &c);
}

static enum answer validate(struct inspection *in)
{
    return judge_sides(in, judge, judge);
}

static const struct signature signatures[] = {
    SIGNATURE(0, "\x81\0\0\x44\x20"),
    SIGNATURE(0, "\x85\0\0\0\0"),
    SIGNATURE_MASKED(0,
                     "\0\0\0\0\xff"
                     "SMB",
                     "\xff\0\0\0\xff\xff\xff\xff"),
    SIGNATURE_MASKED(0,
                     "\0\0\0\0\xfe"
                     "SMB",
                     "\xff\0\0\0\xff\xff\xff\xff"),
    SIGNATURE_MASKED(0,
                     "\0\0\0\0\xfd"
                     "SMB",
                     "\xff\0\0\0\xff\xff\xff\xff"),
    SIGNATURE_MASKED(0,
                     "\0\0\0\0\xfc"
                     "SMB",
                     "\xff\0\0\0\xff\xff\xff\xff"),
};

const struct cdpi_protocol cdpi_protocol_smb = {
    .name = "SMB",
    .reference = "[MS-CIFS] section 2.2.3.1, [MS-SMB2] section 2.2",
    .transports = OVER_TCP,
    .category = CATEGORY_FILE_SHARING,
    .tcp_ports = PORTS(445, 139),
    SIGNATURES(signatures),
    .is_symmetric = true,
    .validate = validate,
    .refines = "NetBIOS",
};
