/* SPDX-License-Identifier: MIT */
/*
 * Flows that go over to another protocol: the verdict keeps the outer one, and `then` tells what is
 * inside. Each story is played as it is, and with its messages in two segments each.
 */
#include <stdio.h>
#include <string.h>

#include "support/check.h"
#include "support/packets.h"

enum { SYN = 2, PSH = 8, ACK = 16, SECOND = 1000000, MESSAGES = 10 };

struct message {
    char side; /* 'c' or 's', capital: stays in one segment; 0 ends */
    uint16_t size;
    const char *bytes;
};

struct story {
    const char *name, *protocol, *then; /* then: NULL none */
    uint16_t port;
    struct message said[MESSAGES];
};

#define C(text)                                                                                    \
    {                                                                                              \
        'c', sizeof(text) - 1, text                                                                \
    }
#define S(text)                                                                                    \
    {                                                                                              \
        's', sizeof(text) - 1, text                                                                \
    }
/* From here on, it is the other protocol's. */
#define INSIDE_C(text)                                                                             \
    {                                                                                              \
        'C', sizeof(text) - 1, text                                                                \
    }
#define INSIDE_S(text)                                                                             \
    {                                                                                              \
        'S', sizeof(text) - 1, text                                                                \
    }
#define HELLO                                                                                      \
    "\x16\x03\x01\0\x33\x01\0\0\x2f\x03\x03"                                                       \
    "\x5c\x11\xa9\x40\xf3\x87\x62\x0d\x9e\x71\xc2\x38\xb5\x04\xe6\x1f"                             \
    "\x93\x28\xdd\x6a\x57\xb0\x0c\xee\x41\x7f\x39\xa2\xd4\x65\x8b\x16"                             \
    "\0\0\x02\x13\x01\x01\0\0\x04\0\x17\0\0"
#define GET "GET / HTTP/1.1\r\nHost: example.net\r\n\r\n"
#define OK "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
#define PREFACE "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0"

static const struct story stories[] = {
    {"CONNECT to TLS",
     "HTTP",
     "TLS",
     3128,
     {C("CONNECT example.net:443 HTTP/1.1\r\nHost: example.net:443\r\n\r\n"),
      S("HTTP/1.1 200 Connection established\r\n\r\n"), INSIDE_C(HELLO)}},
    {"CONNECT to SSH",
     "HTTP",
     "SSH",
     3128,
     {C("CONNECT example.net:22 HTTP/1.0\r\n\r\n"), S("HTTP/1.0 200 OK\r\n\r\n"),
      INSIDE_S("SSH-2.0-OpenSSH_9.2\r\n")}},
    {"CONNECT refused",
     "HTTP",
     NULL,
     3128,
     {C("CONNECT example.net:22 HTTP/1.0\r\n\r\n"), S("HTTP/1.0 403 Forbidden\r\n\r\n")}},
    {"SOCKS4",
     "SOCKS",
     "HTTP",
     1080,
     {C("\x04\x01\0\x50\xc0\0\x02\x09user\0"), S("\0\x5a\0\x50\xc0\0\x02\x09"), INSIDE_C(GET),
      INSIDE_S(OK)}},
    {"SOCKS4a",
     "SOCKS",
     "TLS",
     1080,
     {C("\x04\x01\x01\xbb\0\0\0\x01\0example.net\0"), S("\0\x5a\0\0\0\0\0\0"), INSIDE_C(HELLO)}},
    {"SOCKS4 refused",
     "SOCKS",
     NULL,
     1080,
     {C("\x04\x01\0\x50\xc0\0\x02\x09user\0"), S("\0\x5b\0\x50\xc0\0\x02\x09")}},
    {"SOCKS5",
     "SOCKS",
     "TLS",
     1080,
     {C("\x05\x01\0"), S("\x05\0"),
      C("\x05\x01\0\x03\x0b"
        "example.net\x01\xbb"),
      S("\x05\0\0\x01\0\0\0\0\0\0"), INSIDE_C(HELLO)}},
    {"SOCKS5 with a password",
     "SOCKS",
     "HTTP",
     1080,
     {C("\x05\x02\0\x02"), S("\x05\x02"), C("\x01\x04user\x06secret"), S("\x01\0"),
      C("\x05\x01\0\x01\xc0\0\x02\x09\0\x50"), S("\x05\0\0\x01\xc0\0\x02\x01\x9c\x40"),
      INSIDE_C(GET), INSIDE_S(OK)}},
    {"SOCKS5 to a server that speaks first",
     "SOCKS",
     "SSH",
     1080,
     {C("\x05\x01\0"), S("\x05\0"), C("\x05\x01\0\x01\xc0\0\x02\x09\0\x16"),
      S("\x05\0\0\x01\xc0\0\x02\x01\x9c\x40"), INSIDE_S("SSH-2.0-OpenSSH_9.2\r\n")}},
    {"WebSocket",
     "HTTP",
     "WebSocket",
     8080,
     {C("GET /chat HTTP/1.1\r\nHost: example.net\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"),
      S("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"),
      C("\x81\x82\x01\x02\x03\x04\x69\x6b")}},
    {"h2c",
     "HTTP",
     "HTTP2",
     8080,
     {C("GET / HTTP/1.1\r\nHost: example.net\r\nConnection: Upgrade, HTTP2-Settings\r\n"
        "Upgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n"),
      S("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n"),
      INSIDE_C(PREFACE)}},
    {"PROXY version 1",
     "HAProxy",
     "HTTP",
     8080,
     {INSIDE_C("PROXY TCP4 192.0.2.1 192.0.2.2 40000 80\r\n" GET), INSIDE_S(OK)}},
    {"PROXY version 1, a segment of its own",
     "HAProxy",
     "SMTP",
     25,
     {C("PROXY TCP4 192.0.2.1 192.0.2.2 40000 25\r\n"), INSIDE_S("220 mail.example.net ESMTP\r\n"),
      INSIDE_C("EHLO client.example.net\r\n")}},
    {"PROXY version 2",
     "HAProxy",
     "TLS",
     8443,
     {INSIDE_C(
         "\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c\xc0\0\x02\x01\xc0\0\x02\x02\x9c\x40\x01\xbb" HELLO)}},
    {"SMTP",
     "SMTP",
     "TLS",
     25,
     {S("220 mail.example.net ESMTP\r\n"), C("EHLO client\r\n"),
      S("250-mail.example.net\r\n250 STARTTLS\r\n"), C("STARTTLS\r\n"), S("220 Go ahead\r\n"),
      INSIDE_C(HELLO)}},
    {"SMTP without",
     "SMTP",
     NULL,
     25,
     {S("220 mail.example.net ESMTP\r\n"), C("EHLO client\r\n"), S("250 mail.example.net\r\n"),
      C("MAIL FROM:<a@example.net>\r\n"), S("250 ok\r\n")}},
    {"IMAP",
     "IMAP",
     "TLS",
     143,
     {S("* OK [CAPABILITY IMAP4rev1 STARTTLS] ready\r\n"), C("a1 STARTTLS\r\n"),
      S("a1 OK Begin TLS\r\n"), INSIDE_C(HELLO)}},
    {"POP3",
     "POP3",
     "TLS",
     110,
     {S("+OK POP3 ready\r\n"), C("CAPA\r\n"), S("+OK\r\nSTLS\r\nUIDL\r\n.\r\n"), C("STLS\r\n"),
      S("+OK Begin TLS\r\n"), INSIDE_C(HELLO)}},
    {"FTP",
     "FTP",
     "TLS",
     21,
     {S("220 FTP server ready\r\n"), C("AUTH TLS\r\n"), S("234 Proceed\r\n"), INSIDE_C(HELLO)}},
    {"XMPP",
     "XMPP",
     "TLS",
     5222,
     {C("<?xml version='1.0'?><stream:stream to='example.net' xmlns='jabber:client' "
        "xmlns:stream='http://etherx.jabber.org/streams' version='1.0'>"),
      S("<?xml version='1.0'?><stream:stream from='example.net' id='1' xmlns='jabber:client' "
        "xmlns:stream='http://etherx.jabber.org/streams' version='1.0'><stream:features>"
        "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/></stream:features>"),
      C("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"),
      S("<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"), INSIDE_C(HELLO)}},
    {"LDAP",
     "LDAP",
     "TLS",
     389,
     {C("\x30\x1d\x02\x01\x01\x77\x18\x80\x16"
        "1.3.6.1.4.1.1466.20037"),
      S("\x30\x0c\x02\x01\x01\x78\x07\x0a\x01\0\x04\0\x04\0"), INSIDE_C(HELLO)}},
    {"PostgreSQL",
     "PostgreSQL",
     "TLS",
     5432,
     {C("\0\0\0\x08\x04\xd2\x16\x2f"), S("S"), INSIDE_C(HELLO)}},
    {"PostgreSQL that has none",
     "PostgreSQL",
     NULL,
     5432,
     {C("\0\0\0\x08\x04\xd2\x16\x2f"), S("N"), C("\0\0\0\x14\0\x03\0\0user\0postgres\0\0")}},
    {"MySQL",
     "MySQL",
     "TLS",
     3306,
     {S("\x4a\0\0\0\x0a"
        "8.0.36\0\x0b\0\0\0\x3a\x21\x5c\x46\x71\x2e\x7d\x13\0\xff\xff\xff\x02\0\xff"
        "\xdf\x15\0\0\0\0\0\0\0\0\0\0\x42\x1f\x6b\x35\x29\x77\x51\x0e\x63\x4d\x2a\x18\0"
        "mysql_native_password\0"),
      C("\x20\0\0\x01\x85\xae\xff\x19\0\0\0\x01\xff\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"),
      INSIDE_C(HELLO)}},
    {"NNTP",
     "NNTP",
     "TLS",
     119,
     {S("200 news.example.net InterNetNews NNRP server ready\r\n"), C("CAPABILITIES\r\n"),
      S("101 Capability list:\r\nVERSION 2\r\nSTARTTLS\r\n.\r\n"), C("STARTTLS\r\n"),
      S("382 Begin TLS negotiation now\r\n"), INSIDE_C(HELLO)}},
    {"IRC",
     "IRC",
     "TLS",
     6667,
     {C("CAP LS 302\r\n"), S(":irc.example.net CAP * LS :tls sasl\r\n"), C("STARTTLS\r\n"),
      S(":irc.example.net 670 * :STARTTLS successful\r\n"), INSIDE_C(HELLO)}},
    {"RDP",
     "RDP",
     "TLS",
     3389,
     {C("\x03\0\0\x13\x0e\xe0\0\0\0\0\0\x01\0\x08\0\x03\0\0\0"),
      S("\x03\0\0\x13\x0e\xd0\0\0\x12\x34\0\x02\x1f\x08\0\x02\0\0\0"), INSIDE_C(HELLO)}},
    {"VNC",
     "VNC",
     "TLS",
     5900,
     {S("RFB 003.008\n"), C("RFB 003.008\n"), S("\x02\x13\x02"), C("\x13"), S("\0\x02"),
      C("\0\x02"), S("\0\x01\0\0\x01\x03"), C("\0\0\x01\x03"), S("\x01"), INSIDE_C(HELLO)}},
    {"NUT",
     "NUT",
     "TLS",
     3493,
     {C("VER\n"), S("Network UPS Tools upsd 2.8.0\n"), C("STARTTLS\n"), S("OK STARTTLS\n"),
      INSIDE_C(HELLO)}},
    {"SSH goes nowhere",
     "SSH",
     NULL,
     22,
     {S("SSH-2.0-OpenSSH_9.2\r\n"), C("SSH-2.0-OpenSSH_9.2\r\n"), INSIDE_C(HELLO)}},
};

struct outcome {
    struct cdpi *engine;
    char protocol[64], then[64];
};

static bool look(void *context, struct cdpi_flow *flow)
{
    struct outcome *o = context;
    struct cdpi_verdict v = cdpi_conclude(o->engine, flow);
    snprintf(o->protocol, sizeof o->protocol, "%s", cdpi_protocol_name(o->engine, v.protocol));
    if (v.then)
        snprintf(o->then, sizeof o->then, "%s", cdpi_protocol_name(o->engine, v.then));
    return true;
}

struct player {
    struct cdpi *engine;
    struct ends ends;
    uint32_t next[2];
    uint64_t time;
};

static void send(struct player *p, bool is_server, uint8_t flags, const char *bytes, size_t size)
{
    struct frame f;
    build_tcp(&f, &p->ends, is_server, p->next[is_server], flags, bytes, size);
    struct cdpi_frame frame = as_frame(&f, p->time += 1000);
    CHECK(cdpi_feed(p->engine, &frame, 1) == CDPI_OK);
    p->next[is_server] += (uint32_t)size + (flags & SYN ? 1 : 0);
}

static void play(const struct story *story, bool in_two)
{
    struct cdpi_options options = {.struct_size = sizeof options, .hash_key = {1, 2}};
    struct player p = {.ends = {{0xc0000201, 0xc0000202}, {40000, story->port}, false},
                       .next = {100, 500},
                       .time = SECOND};
    struct outcome o = {0};
    CHECK(cdpi_open(&options, &p.engine, NULL) == CDPI_OK);
    send(&p, false, SYN, "", 0);
    send(&p, true, SYN | ACK, "", 0);
    for (const struct message *m = story->said; m < story->said + MESSAGES && m->side; m++) {
        bool is_server = m->side == 's' || m->side == 'S';
        size_t first = in_two && m->side >= 'a' ? m->size / 2 : 0;
        if (first)
            send(&p, is_server, ACK, m->bytes, first);
        send(&p, is_server, PSH | ACK, m->bytes + first, m->size - first);
    }
    o.engine = p.engine;
    CHECK(cdpi_each_flow(p.engine, look, &o) == CDPI_OK);
    bool sound = strcmp(o.protocol, story->protocol) == 0 &&
                 strcmp(o.then, story->then ? story->then : "") == 0;
    if (!sound)
        printf("%s%s: %s, then \"%s\"\n", story->name, in_two ? " (in two)" : "", o.protocol,
               o.then);
    CHECK(sound);
    CHECK(cdpi_close(p.engine) == CDPI_OK);
}

int main(void)
{
    for (size_t i = 0; i < sizeof stories / sizeof stories[0]; i++) {
        play(&stories[i], false);
        play(&stories[i], true);
    }
    return CHECKS_END("follow");
}
