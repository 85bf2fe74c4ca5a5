/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "support/cases.h"

#include <ctype.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct reader {
    const char *path;
    int line;
    bool open; /* a case has begun */
    struct test_case now;
    bool failed;
};

static void fail(struct reader *r, const char *what)
{
    fprintf(stderr, "%s:%d: %s\n", r->path, r->line, what);
    r->failed = true;
}

static bool push(struct reader *r, uint8_t byte)
{
    if (r->now.byte_count == CASE_BYTES) {
        fail(r, "too many bytes in one case");
        return false;
    }
    r->now.bytes[r->now.byte_count++] = byte;
    r->now.messages[r->now.message_count - 1].size++;
    return true;
}

static int hex_digit(char c)
{
    return isdigit((unsigned char)c)    ? c - '0'
           : isxdigit((unsigned char)c) ? tolower((unsigned char)c) - 'a' + 10
                                        : -1;
}

/* "text" up to the closing quote; returns past it. */
static const char *read_text(struct reader *r, const char *p)
{
    for (p++; *p && *p != '"'; p++) {
        uint8_t byte = (uint8_t)*p;
        if (*p == '\\') {
            switch (*++p) {
            case 'r':
                byte = '\r';
                break;
            case 'n':
                byte = '\n';
                break;
            case 't':
                byte = '\t';
                break;
            case '0':
                byte = 0;
                break;
            case '\\':
                byte = '\\';
                break;
            case '"':
                byte = '"';
                break;
            case 'x':
                if (hex_digit(p[1]) < 0 || hex_digit(p[2]) < 0) {
                    fail(r, "\\x wants two hex digits");
                    return p;
                }
                byte = (uint8_t)(hex_digit(p[1]) << 4 | hex_digit(p[2]));
                p += 2;
                break;
            default:
                fail(r, "unknown escape in text");
                return p;
            }
        }
        if (!push(r, byte))
            return p;
    }
    if (*p != '"')
        fail(r, "text without a closing quote");
    return *p ? p + 1 : p;
}

/* 0a1b, 0a 1b, 00*16 */
static const char *read_hex(struct reader *r, const char *p)
{
    int high = hex_digit(p[0]), low = high < 0 ? -1 : hex_digit(p[1]);
    if (low < 0) {
        fail(r, "neither text in quotes nor hex bytes");
        return p + strlen(p);
    }
    uint8_t byte = (uint8_t)(high << 4 | low);
    unsigned long times = 1;
    p += 2;
    if (*p == '*')
        times = strtoul(p + 1, (char **)&p, 10);
    while (times-- && push(r, byte))
        ;
    return p;
}

static void read_bytes(struct reader *r, const char *p)
{
    while (*p && !r->failed) {
        if (isspace((unsigned char)*p))
            p++;
        else if (*p == '#')
            return;
        else
            p = *p == '"' ? read_text(r, p) : read_hex(r, p);
    }
}

static void read_message(struct reader *r, uint8_t side, const char *p)
{
    if (r->now.message_count == CASE_MESSAGES) {
        fail(r, "too many messages in one case");
        return;
    }
    r->now.messages[r->now.message_count++] =
        (struct message){.side = side, .offset = r->now.byte_count};
    read_bytes(r, p);
}

static void read_expectation(struct reader *r, const char *p, bool is_not)
{
    char how[16] = "";
    r->now.is_not = is_not;
    if (sscanf(p, "%63s %15s", r->now.expected, how) < 1)
        fail(r, "expected what?");
    r->now.expects_none = strcmp(r->now.expected, "none") == 0;
    if (r->now.expects_none)
        r->now.expected[0] = '\0';
    r->now.confidence = strcmp(how, "certain") == 0 ? 2 : strcmp(how, "likely") == 0 ? 1 : 0;
    if (how[0] && how[0] != '#' && !r->now.confidence)
        fail(r, "confidence is certain or likely");
}

static void read_transport(struct reader *r, const char *p, uint8_t ip_protocol)
{
    unsigned client, server, ppid = 0;
    char last[8] = "";
    if (sscanf(p, "%u %u %7s", &client, &server, last) < 2 || client > 65535 || server > 65535) {
        fail(r, "want: tcp|udp|sctp CLIENT-PORT SERVER-PORT");
        return;
    }
    r->now.is_late = strcmp(last, "late") == 0;
    if (*last && !(r->now.is_late ? ip_protocol == 6 : sscanf(last, "%u", &ppid) == 1))
        fail(r, "behind the ports stands late (tcp), or an identifier (sctp)");
    r->now.ip_protocol = ip_protocol;
    r->now.port[0] = (uint16_t)client;
    r->now.port[1] = (uint16_t)server;
    r->now.sctp_ppid = ip_protocol == 132 ? ppid : 0;
}

static const char *after(const char *line, const char *word)
{
    size_t n = strlen(word);
    return strncmp(line, word, n) == 0 && (isspace((unsigned char)line[n]) || !line[n]) ? line + n
                                                                                        : NULL;
}

static void read_line(struct reader *r, char *line)
{
    const char *rest;
    if (line[0] == '#' || line[0] == '\0')
        return;
    if (isspace((unsigned char)line[0]) && r->now.message_count)
        read_bytes(r, line);
    else if ((rest = after(line, "tcp")))
        read_transport(r, rest, 6);
    else if ((rest = after(line, "udp")))
        read_transport(r, rest, 17);
    else if ((rest = after(line, "sctp")))
        read_transport(r, rest, 132);
    else if ((rest = after(line, "c")))
        read_message(r, 0, rest);
    else if ((rest = after(line, "s")))
        read_message(r, 1, rest);
    else if ((rest = after(line, "is")))
        read_expectation(r, rest, false);
    else if ((rest = after(line, "not")))
        read_expectation(r, rest, true);
    else if ((rest = after(line, "rule")))
        sscanf(rest, " \"%95[^\"]", r->now.rule);
    else if ((rest = after(line, "app")))
        sscanf(rest, "%63s", r->now.application);
    else
        fail(r, "a line begins with ==, tcp, udp, sctp, c, s, is, not, rule, app or #");
}

static void finish(struct reader *r, void (*visit)(void *, const struct test_case *), void *context)
{
    if (!r->open || r->failed)
        return;
    if (!r->now.ip_protocol || !r->now.message_count ||
        (!r->now.expects_none && !r->now.expected[0])) {
        fail(r, "the case before this line lacks its transport, its bytes or its expectation");
        return;
    }
    visit(context, &r->now);
}

bool cases_read(const char *path, void (*visit)(void *, const struct test_case *), void *context)
{
    struct reader *r = calloc(1, sizeof *r);
    FILE *file = fopen(path, "r");
    bool good = false;
    char *line = NULL;
    size_t room = 0;
    if (!r || !file) {
        fprintf(stderr, "%s: cannot be read\n", path);
        goto out;
    }
    r->path = path;
    ssize_t n;
    while (!r->failed && (n = getline(&line, &room, file)) >= 0) {
        while (n > 0 && isspace((unsigned char)line[n - 1]))
            line[--n] = '\0';
        r->line++;
        if (strncmp(line, "== ", 3) != 0) {
            read_line(r, line);
            continue;
        }
        finish(r, visit, context);
        memset(&r->now, 0, sizeof r->now);
        r->open = true;
        r->now.line = r->line;
        snprintf(r->now.file, sizeof r->now.file, "%s", path);
        snprintf(r->now.title, sizeof r->now.title, "%s", line + 3);
    }
    finish(r, visit, context);
    good = !r->failed && r->open;
    if (!r->open)
        fprintf(stderr, "%s: no case in it\n", path);
out:
    if (file)
        fclose(file);
    free(line);
    free(r);
    return good;
}

bool cases_read_all(const char *folder, void (*visit)(void *, const struct test_case *),
                    void *context)
{
    char pattern[512];
    glob_t found;
    bool good = true;
    snprintf(pattern, sizeof pattern, "%s/*/*.cases", folder);
    if (glob(pattern, 0, NULL, &found) != 0) {
        fprintf(stderr, "%s: no case files\n", folder);
        return false;
    }
    for (size_t i = 0; i < found.gl_pathc; i++)
        good = cases_read(found.gl_pathv[i], visit, context) && good;
    globfree(&found);
    return good;
}
