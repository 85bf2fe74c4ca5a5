/* SPDX-License-Identifier: MIT */
/*
 * FTP's control connection, RFC 959, RFC 2228, RFC 2389, RFC 2428, RFC 3659: lines of commands, and
 * of replies that begin with three digits. SMTP greets likewise and POP3 logs in likewise: what
 * they share counts little, and the two sides add up. What a transfer needs tells FTP in
 * mid-session too.
 */
#include "data.h"
#include "framing/commands.h"

enum { REPLIES = 24, WEAK_LIMIT = 10, LOGIN_BITS = 20, GREETING = 512 };

static const struct command commands[] = {
    {.word = "acct", .bits = 12, .arguments = ARGUMENTS_SOME},
    {.word = "auth tls", .bits = 44, .arguments = ARGUMENTS_NONE, .is_last = true},
    {.word = "auth tls-c", .bits = 44, .arguments = ARGUMENTS_NONE, .is_last = true},
    {.word = "auth tls-p", .bits = 44, .arguments = ARGUMENTS_NONE, .is_last = true},
    {.word = "auth ssl", .bits = 44, .arguments = ARGUMENTS_NONE, .is_last = true},
    {.word = "auth gssapi", .bits = 26, .arguments = ARGUMENTS_NONE},
    {.word = "auth kerberos_v4", .bits = 26, .arguments = ARGUMENTS_NONE},
    {.word = "adat", .bits = 30, .arguments = ARGUMENTS_SOME},
    {.word = "appe", .bits = 26, .arguments = ARGUMENTS_SOME},
    {.word = "allo", .bits = 28, .arguments = ARGUMENTS_NUMBERS},
    {.word = "avbl", .bits = 26, .arguments = ARGUMENTS_ANY},
    {.word = "abor", .bits = 28, .arguments = ARGUMENTS_NONE},
    {.word = "cdup", .bits = 30, .arguments = ARGUMENTS_NONE},
    {.word = "cwd", .bits = 26, .arguments = ARGUMENTS_SOME},
    {.word = "clnt", .bits = 26, .arguments = ARGUMENTS_SOME},
    {.word = "cpsv", .bits = 28, .arguments = ARGUMENTS_NONE},
    {.word = "conf", .bits = 20, .arguments = ARGUMENTS_SOME},
    {.word = "ccc", .bits = 14, .arguments = ARGUMENTS_NONE},
    {.word = "dele", .bits = 4, .arguments = ARGUMENTS_NUMBERS},
    {.word = "dele", .bits = 26, .arguments = ARGUMENTS_SOME},
    {.word = "epsv", .bits = 30, .arguments = ARGUMENTS_ANY},
    {.word = "eprt", .bits = 28, .arguments = ARGUMENTS_SOME},
    {.word = "enc", .bits = 20, .arguments = ARGUMENTS_SOME},
    {.word = "feat", .bits = 30, .arguments = ARGUMENTS_NONE},
    {.word = "host", .bits = 6, .arguments = ARGUMENTS_SOME},
    {.word = "hash", .bits = 8, .arguments = ARGUMENTS_SOME},
    {.word = "help", .bits = 3, .arguments = ARGUMENTS_ANY},
    {.word = "lang", .bits = 6, .arguments = ARGUMENTS_ANY}, /* RFC 2640 */
    {.word = "list", .bits = 4, .arguments = ARGUMENTS_NONE_OR_NUMBERS},
    {.word = "list", .bits = 14, .arguments = ARGUMENTS_SOME},
    {.word = "mlsd", .bits = 28, .arguments = ARGUMENTS_ANY},
    {.word = "mlst", .bits = 28, .arguments = ARGUMENTS_ANY},
    {.word = "mdtm", .bits = 28, .arguments = ARGUMENTS_SOME},
    {.word = "mkd", .bits = 24, .arguments = ARGUMENTS_SOME},
    {.word = "mode", .bits = 6, .arguments = ARGUMENTS_SOME},
    {.word = "mfmt", .bits = 28, .arguments = ARGUMENTS_SOME}, /* what servers list in FEAT */
    {.word = "mff", .bits = 26, .arguments = ARGUMENTS_SOME},
    {.word = "mic", .bits = 20, .arguments = ARGUMENTS_SOME}, /* RFC 2228 */
    {.word = "nlst", .bits = 28, .arguments = ARGUMENTS_ANY},
    {.word = "noop", .bits = 3, .arguments = ARGUMENTS_NONE},
    {.word = "opts utf8", .bits = 44, .arguments = ARGUMENTS_ANY},
    {.word = "opts", .bits = 14, .arguments = ARGUMENTS_SOME},
    {.word = "pass", .bits = 8, .arguments = ARGUMENTS_ANY},
    {.word = "pasv", .bits = 30, .arguments = ARGUMENTS_NONE},
    {.word = "pwd", .bits = 22, .arguments = ARGUMENTS_NONE},
    {.word = "pbsz", .bits = 30, .arguments = ARGUMENTS_NUMBERS},
    {.word = "prot", .bits = 18, .arguments = ARGUMENTS_SOME},
    {.word = "quit", .bits = 3, .arguments = ARGUMENTS_NONE},
    {.word = "rest", .bits = 24, .arguments = ARGUMENTS_NUMBERS},
    {.word = "rnfr", .bits = 28, .arguments = ARGUMENTS_SOME},
    {.word = "rnto", .bits = 28, .arguments = ARGUMENTS_SOME},
    {.word = "rmd", .bits = 24, .arguments = ARGUMENTS_SOME},
    {.word = "rein", .bits = 12, .arguments = ARGUMENTS_NONE},
    /* POP3's take a number, or nothing (RFC 1939 section 5). */
    {.word = "retr", .bits = 4, .arguments = ARGUMENTS_NUMBERS},
    {.word = "retr", .bits = 26, .arguments = ARGUMENTS_SOME},
    {.word = "syst", .bits = 30, .arguments = ARGUMENTS_NONE},
    {.word = "stor", .bits = 26, .arguments = ARGUMENTS_SOME},
    {.word = "size", .bits = 14, .arguments = ARGUMENTS_SOME},
    {.word = "site", .bits = 10, .arguments = ARGUMENTS_SOME},
    {.word = "stru", .bits = 26, .arguments = ARGUMENTS_SOME},
    {.word = "stou", .bits = 28, .arguments = ARGUMENTS_ANY},
    {.word = "sscn", .bits = 28, .arguments = ARGUMENTS_ANY},
    {.word = "stat", .bits = 4, .arguments = ARGUMENTS_ANY},
    {.word = "type a", .bits = 28, .arguments = ARGUMENTS_ANY},
    {.word = "type i", .bits = 28, .arguments = ARGUMENTS_NONE},
    {.word = "type e", .bits = 28, .arguments = ARGUMENTS_ANY},
    {.word = "type l", .bits = 28, .arguments = ARGUMENTS_ANY},
    {.word = "user anonymous", .bits = 28, .arguments = ARGUMENTS_NONE}, /* RFC 1635 */
    {.word = "user ftp", .bits = 28, .arguments = ARGUMENTS_NONE},
    {.word = "user", .bits = 12, .arguments = ARGUMENTS_SOME},
    {.word = "xpwd", .bits = 30, .arguments = ARGUMENTS_NONE},
    {.word = "xcwd", .bits = 30, .arguments = ARGUMENTS_SOME}, /* RFC 775 */
    {.word = "xmkd", .bits = 30, .arguments = ARGUMENTS_SOME},
    {.word = "xrmd", .bits = 30, .arguments = ARGUMENTS_SOME},
    {.word = "xcup", .bits = 30, .arguments = ARGUMENTS_NONE},
    {.word = "xcrc", .bits = 28, .arguments = ARGUMENTS_SOME},
    {.word = "xmd5", .bits = 28, .arguments = ARGUMENTS_SOME},
    {.word = "xsha1", .bits = 28, .arguments = ARGUMENTS_SOME},
    {.word = "xsha256", .bits = 28, .arguments = ARGUMENTS_SOME},
};

/* Section 4.1.2: PORT h1,h2,h3,h4,p1,p2, and the same in the parentheses of a 227. */
static bool is_host_port(struct cursor c)
{
    for (unsigned i = 0; i < 6; i++) {
        uint32_t value;
        if (text_digits(&c, 3, &value) == 0 || value > 255 || (i < 5 && cursor_u8(&c) != ','))
            return false;
    }
    return true;
}

/* RFC 2428 section 3: (|||port|) */
static bool is_extended_port(struct cursor c)
{
    return cursor_accept_text(&c, "|||") && text_digits(&c, 5, NULL) > 0 && cursor_u8(&c) == '|';
}

static int weigh_client(struct cursor c, bool is_final)
{
    struct cursor port = c;
    if (cursor_accept_nocase(&port, "port ")) {
        if (cursor_find(&port, '\n', FTP_LINE_LIMIT) < 0)
            return 0;
        return is_host_port(port) ? BITS_FOR_YES : -1;
    }
    return c.size ? commands_weigh_final(c, COMMANDS(commands), FTP_LINE_LIMIT, is_final) : 0;
}

/* A greeting that names FTP; one that names SMTP is none. */
static int greeting_bits(struct cursor line)
{
    if (line.size > GREETING) /* what it says, it says soon */
        line.size = GREETING;
    if (text_has(line, "smtp"))
        return -1;
    return text_has(line, "ftp") || text_has(line, "for new user") ? 32 : WEAK_LIMIT;
}

/* A help text names the commands. */
static int help_bits(struct cursor line)
{
    return text_has(line, "pasv") || text_has(line, "retr") || text_has(line, "cwd") ? 40 : 4;
}

/* RFC 3659 sections 3 and 4: a size, a time. */
static int file_status_bits(struct cursor line)
{
    uint32_t digits = text_digits(&line, 20, NULL);
    return digits > 0 && cursor_left(&line) == 0 ? 20 : 4;
}

static int passive_bits(struct cursor line, bool is_extended)
{
    int32_t at = cursor_find(&line, is_extended ? '|' : '(', FTP_LINE_LIMIT);
    if (at >= 0)
        cursor_skip(&line, (uint32_t)at + (is_extended ? 0 : 1));
    bool is_port = at >= 0 && (is_extended ? is_extended_port(line) : is_host_port(line));
    return is_port ? 60 : 4;
}

/* Codes that SMTP and others have too, or that say little. */
static bool is_other_code(uint32_t code)
{
    static const uint16_t codes[] = {110, 120, 202, 212, 221, 225, 228, 232, 235, 332, 334, 335,
                                     336, 350, 421, 425, 426, 430, 431, 434, 435, 436, 450, 451,
                                     452, 500, 501, 502, 503, 504, 521, 522, 532, 533, 534, 535,
                                     536, 537, 550, 551, 552, 553, 554, 555, 631, 632, 633};
    for (unsigned i = 0; i < sizeof codes / sizeof codes[0]; i++) {
        if (codes[i] == code)
            return true;
    }
    return false;
}

/* What servers say of a change of type or directory. */
static bool is_done(struct cursor line)
{
    return cursor_accept_nocase(&line, "type set to ") ||
           cursor_accept_nocase(&line, "type is now ") ||
           cursor_accept_nocase(&line, "switching to ") || text_has(line, "command successful") ||
           text_has(line, "directory");
}

/* Section 4.2.2, and the words that servers use with the codes. */
static int reply_bits(uint32_t code, struct cursor line)
{
    switch (code) {
    case 220:
        return greeting_bits(line);
    case 227:
    case 229:
        return passive_bits(line, code == 229);
    case 331:
        return text_has(line, "password") ? 36 : 26;
    case 230:
        return text_has(line, "log") ? 28 : 18;
    case 257:
        return cursor_peek(&line, 0) == '"' ? 34 : 12;
    case 215:
        return text_has(line, "type:") || text_has(line, "unix") ? 44 : 12;
    case 226:
        return text_has(line, "transfer") || text_has(line, "send ok") ||
                       text_has(line, "data connection") || text_has(line, "abort")
                   ? 36
                   : 14;
    case 125:
    case 150:
        return text_has(line, "connection") || text_has(line, "directory") ||
                       text_has(line, "data") || text_has(line, "transfer")
                   ? 34
                   : 8;
    case 530:
        return text_has(line, "login") || text_has(line, "logged") || text_has(line, "maximum") ||
                       text_has(line, "anonymous") || text_has(line, "cannot log in")
                   ? 30
                   : 14;
    case 213:
        return file_status_bits(line);
    case 214:
        return help_bits(line);
    case 234:
        return 22;
    case 211:
        return text_has(line, "features") || text_has(line, "extensions") ? 30 : 4;
    case 200:
    case 250:
        return is_done(line) ? 26 : 4;
    case 500: /* vsftpd's own failures, instead of a greeting too */
        return cursor_starts_with(&line, "OOPS: ") ? 44 : 4;
    default:
        return is_other_code(code) ? 4 : -1;
    }
}

/* Replies of one line or more (section 4.2), until there are so many bits. Those that others have
 * too count once. */
static int weigh_server(struct cursor c, bool is_final, int enough)
{
    struct cursor line;
    int strong = 0, weak = 0;
    uint32_t inside = 0; /* the code of a reply that goes on */
    for (unsigned i = 0; i < REPLIES && !cursor_at_end(&c) && strong + weak < enough; i++) {
        enum text_line state = text_raw_line(&c, FTP_LINE_LIMIT, &line);
        if (state == LINE_BAD && i == 0) /* longer than any should be: its beginning counts */
        {
            line.size = FTP_LINE_LIMIT;
            cursor_skip(&c, cursor_left(&c));
        } else if (state == LINE_BAD || (state == LINE_OPEN && !is_final))
            return strong + weak;
        uint32_t code = 0;
        bool is_last = false;
        if (!text_reply_code(&line, &code, &is_last)) {
            if (!inside) /* between the first and the last line anything may stand */
                return i ? strong + weak : -1;
            int help = inside == 214 ? help_bits(line) : 0;
            strong += help > WEAK_LIMIT ? help : 0;
            continue;
        }
        /* Of a help text, the lines between tell. */
        int bits = code == 214 && !is_last ? 4 : reply_bits(code, line);
        if (bits < 0)
            return -1;
        if (bits > WEAK_LIMIT)
            strong += bits;
        else if (bits > weak)
            weak = bits;
        inside = is_last ? 0 : code;
        if (state == LINE_OPEN)
            break;
    }
    return strong + weak;
}

static enum answer validate(struct inspection *in)
{
    int client = weigh_client(in->client, in->is_final);
    int server = weigh_server(in->server, in->is_final,
                              client < BITS_FOR_YES - 1 ? BITS_FOR_YES - client : 1);
    /* A greeting of any words, answered by a login. */
    if (server >= WEAK_LIMIT && client >= 8 && cursor_starts_with(&in->server, "220"))
        client += LOGIN_BITS;
    return answer_by_sides(in, client, server, server > client ? "replies" : "commands");
}

static const struct signature signatures[] = {
    SIGNATURE(0, "220 "),
    SIGNATURE(0, "220-"),
    SIGNATURE(0, "120 "),
    SIGNATURE(0, "421 "),
    SIGNATURE(0, "331 "),
    SIGNATURE(0, "530 "),
    SIGNATURE(0, "227 "),
    SIGNATURE(0, "229 "),
    SIGNATURE(0, "230 "),
    SIGNATURE(0, "230-"),
    SIGNATURE(0, "226 "),
    SIGNATURE(0, "226-"),
    SIGNATURE(0, "150 "),
    SIGNATURE(0, "125 "),
    SIGNATURE(0, "257 \""),
    SIGNATURE(0, "215 "),
    SIGNATURE(0, "200 "),
    SIGNATURE(0, "250 "),
    SIGNATURE(0, "250-"),
    SIGNATURE(0, "211-"),
    SIGNATURE(0, "221 "),
    SIGNATURE(0, "221-"),
    SIGNATURE(0, "350 "),
    SIGNATURE(0, "500 OOPS: "),
    SIGNATURE(0, "530-"),
    SIGNATURE_MASKED(0, "OPTS ", "\xdf\xdf\xdf\xdf\xff"),
    SIGNATURE_MASKED(0, "LIST", "\xdf\xdf\xdf\xdf"),
    SIGNATURE_MASKED(0, "RNFR ", "\xdf\xdf\xdf\xdf\xff"),
    SIGNATURE_MASKED(0, "DELE ", "\xdf\xdf\xdf\xdf\xff"),
    SIGNATURE_MASKED(0, "MLST ", "\xdf\xdf\xdf\xdf\xff"),
    SIGNATURE_MASKED(0, "NOOP\r\n", "\xdf\xdf\xdf\xdf\xff\xff"),
    SIGNATURE_MASKED(0, "PBSZ ", "\xdf\xdf\xdf\xdf\xff"),
    SIGNATURE_MASKED(0, "HOST ", "\xdf\xdf\xdf\xdf\xff"),
    SIGNATURE_MASKED(0, "CLNT ", "\xdf\xdf\xdf\xdf\xff"),
    SIGNATURE_MASKED(0, "USER ", "\xdf\xdf\xdf\xdf\xff"),
    SIGNATURE_MASKED(0, "AUTH ", "\xdf\xdf\xdf\xdf\xff"),
    SIGNATURE_MASKED(0, "FEAT\r\n", "\xdf\xdf\xdf\xdf\xff\xff"),
    SIGNATURE_MASKED(0, "SYST\r\n", "\xdf\xdf\xdf\xdf\xff\xff"),
    SIGNATURE_MASKED(0, "PASV\r\n", "\xdf\xdf\xdf\xdf\xff\xff"),
    SIGNATURE_MASKED(0, "EPSV\r\n", "\xdf\xdf\xdf\xdf\xff\xff"),
    SIGNATURE_MASKED(0, "CDUP\r\n", "\xdf\xdf\xdf\xdf\xff\xff"),
    SIGNATURE_MASKED(0, "PWD\r\n", "\xdf\xdf\xdf\xff\xff"),
    SIGNATURE_MASKED(0, "TYPE ", "\xdf\xdf\xdf\xdf\xff"),
    SIGNATURE_MASKED(0, "PORT ", "\xdf\xdf\xdf\xdf\xff"),
    SIGNATURE_MASKED(0, "EPRT ", "\xdf\xdf\xdf\xdf\xff"),
    SIGNATURE_MASKED(0, "XPWD\r\n", "\xdf\xdf\xdf\xdf\xff\xff"),
    SIGNATURE_MASKED(0, "XCWD ", "\xdf\xdf\xdf\xdf\xff"),
    SIGNATURE_MASKED(0, "CWD ", "\xdf\xdf\xdf\xff"),
    SIGNATURE_MASKED(0, "RETR ", "\xdf\xdf\xdf\xdf\xff"),
    SIGNATURE_MASKED(0, "STOR ", "\xdf\xdf\xdf\xdf\xff"),
    SIGNATURE_MASKED(0, "NLST", "\xdf\xdf\xdf\xdf"),
    SIGNATURE_MASKED(0, "MLSD", "\xdf\xdf\xdf\xdf"),
    SIGNATURE_MASKED(0, "MDTM ", "\xdf\xdf\xdf\xdf\xff"),
    SIGNATURE_MASKED(0, "SIZE ", "\xdf\xdf\xdf\xdf\xff"),
    SIGNATURE_MASKED(0, "REST ", "\xdf\xdf\xdf\xdf\xff"),
};

const struct cdpi_protocol cdpi_protocol_ftp = {
    .name = "FTP",
    .reference = "RFC 959 sections 4.1 and 4.2, RFC 2228, RFC 2389, RFC 2428, RFC 3659",
    .transports = OVER_TCP,
    .category = CATEGORY_FILE_TRANSFER,
    .tcp_ports = PORTS(21, 2121),
    SIGNATURES(signatures),
    .validate = validate,
    .follow = ftp_follow,
};
