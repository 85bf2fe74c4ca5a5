/* SPDX-License-Identifier: MIT */
/*
 * The modules that are built here, over recorded captures: loaded and unloaded again and again, two
 * engines in two threads, and what nDPI's answers become.   wrappers_test MODULES CAPTURES [TIMES]
 */
#include <cdpi/capture.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "support/check.h"
#include "support/packets.h"

static const char *folder, *captures;

struct heard {
    struct cdpi *engine;
    unsigned flows, named;
    char first[64];
    struct cdpi_verdict verdict;
};

static void listen(void *context, enum cdpi_event event, struct cdpi_flow *flow,
                   const struct cdpi_verdict *verdict)
{
    struct heard *h = context;
    (void)flow;
    if (event != CDPI_EVENT_ENDED)
        return;
    h->flows++;
    if (verdict->protocol && !*h->first) {
        h->verdict = *verdict;
        snprintf(h->first, sizeof h->first, "%s", cdpi_protocol_name(h->engine, verdict->protocol));
    }
    h->named += verdict->protocol != 0;
}

static struct cdpi *open_modules(struct heard *heard, const char *modules,
                                 const char *const *settings, bool ask_all)
{
    struct cdpi_error error = {""};
    struct cdpi_options options = {.struct_size = sizeof options,
                                   .modules = modules,
                                   .settings = settings,
                                   .module_path = folder,
                                   .ask_all = ask_all,
                                   .on_event = listen,
                                   .on_event_context = heard};
    memset(heard, 0, sizeof *heard);
    if (cdpi_open(&options, &heard->engine, &error) != CDPI_OK)
        printf("%s\n", error.text);
    return heard->engine;
}

static void feed(struct cdpi *engine, const char *name)
{
    struct cdpi_frame frames[64];
    struct cdpi_capture *capture;
    struct cdpi_error error;
    char path[1024];
    size_t count;
    snprintf(path, sizeof path, "%s/%s.pcap", captures, name);
    if (cdpi_capture_open(path, NULL, &capture, &error) != CDPI_OK) {
        printf("%s\n", error.text);
        return;
    }
    while (cdpi_capture_next(capture, frames, 64, &count, &error) == CDPI_OK) {
        if (cdpi_feed(engine, frames, count) != CDPI_OK)
            break;
    }
    cdpi_capture_close(capture);
}

static bool has_module(const char *name)
{
    struct heard h;
    struct cdpi_module_info info;
    struct cdpi *e = open_modules(&h, "all", NULL, false);
    bool found = false;
    for (size_t i = 0; e && (info = cdpi_module(e, i)).name; i++)
        found |= strcmp(info.name, name) == 0;
    cdpi_close(e);
    return found;
}

/* ---- nDPI -------------------------------------------------------------------------------- */

static void alone(const char *capture, const char *expected)
{
    struct heard h;
    struct cdpi *e = open_modules(&h, "ndpi", NULL, false);
    feed(e, capture);
    CHECK(cdpi_flush(e) == CDPI_OK);
    CHECK(strcmp(h.first, expected) == 0);
    if (strcmp(h.first, expected) != 0)
        printf("%s: %s, want %s\n", capture, h.first, expected);
    CHECK(strcmp(h.verdict.source, "ndpi") == 0 && h.verdict.confidence == CDPI_LIKELY);
    CHECK(h.verdict.evidence.packet > 0 && strncmp(h.verdict.evidence.rule, "DPI", 3) == 0);
    cdpi_close(e);
}

/* Nothing that nDPI knows, on a port that it does. */
static void a_guess_by_port(bool wanted)
{
    static const char *const no_guess[] = {"ndpi.guess=no", NULL};
    static const struct ends https = {{0xc0000201, 0xc0000202}, {40000, 443}, false};
    struct heard h;
    struct frame f;
    struct cdpi_flow *flow;
    struct cdpi *e = open_modules(&h, "own,ndpi", wanted ? NULL : no_guess, false);
    build_tcp(&f, &https, false, 1, 16, "zz", 2);
    struct cdpi_frame frame = as_frame(&f, 1000000);
    CHECK(cdpi_packet_flow(e, &frame, &flow, NULL) == CDPI_OK);
    struct cdpi_verdict v = cdpi_conclude(e, flow);
    CHECK(v.protocol == 0 && v.state == CDPI_GAVE_UP && (v.guess != 0) == wanted);
    CHECK(!wanted || strcmp(cdpi_protocol_name(e, v.guess), "TLS") == 0);
    cdpi_close(e);
}

static void bad_settings(void)
{
    static const char *const bad[] = {"ndpi.packets=0",      "ndpi.packets=17",
                                      "ndpi.guess=perhaps",  "ndpi.nosuch=1",
                                      "ndpi.config=a:b:c:d", "ndpi.protocols=/no"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        const char *const settings[] = {bad[i], NULL};
        struct cdpi_error error;
        struct cdpi *e;
        struct cdpi_options options = {.struct_size = sizeof options,
                                       .modules = "ndpi",
                                       .settings = settings,
                                       .module_path = folder};
        CHECK(cdpi_open(&options, &e, &error) == CDPI_NO_MODULE);
    }
}

static void ndpi_answers(void)
{
    alone("ssh-openssh", "SSH");          /* IPv6 */
    alone("redis", "Redis");              /* TCP */
    alone("ntp-chrony", "NTP");           /* UDP */
    alone("smtp-postfix", "SMTP");        /* the server speaks first */
    alone("radius-freeradius", "RADIUS"); /* Radius there */
    a_guess_by_port(true);
    a_guess_by_port(false);
    bad_settings();
}

/* ---- all of them ------------------------------------------------------------------------- */

static const char *const some[] = {"ssh-openssh", "tls-openssl",   "dns-bind9",
                                   "quic-caddy",  "mysql-mariadb", "snmp-netsnmp"};

static void again_and_again(unsigned times)
{
    unsigned named = 0;
    for (unsigned i = 0; i < times; i++) {
        struct heard h;
        struct cdpi *e = open_modules(&h, "all", NULL, i & 1);
        feed(e, some[i % (sizeof some / sizeof some[0])]);
        cdpi_close(e);
        named += h.named;
    }
    CHECK(named >= times);
}

static void *in_a_thread(void *context)
{
    struct heard *h = context;
    for (unsigned round = 0; round < 2; round++) {
        struct cdpi *e = open_modules(h, "all", NULL, true);
        for (size_t i = 0; e && i < sizeof some / sizeof some[0]; i++)
            feed(e, some[i]);
        cdpi_close(e);
    }
    return NULL;
}

static void two_engines_in_two_threads(void)
{
    struct heard h[2];
    pthread_t thread;
    CHECK(pthread_create(&thread, NULL, in_a_thread, &h[1]) == 0);
    in_a_thread(&h[0]);
    pthread_join(thread, NULL);
    CHECK(h[0].flows > 0 && h[0].flows == h[1].flows && h[0].named == h[1].named);
}

int main(int argc, char **argv)
{
    if (argc < 3)
        return 2;
    folder = argv[1];
    captures = argv[2];
    if (has_module("ndpi"))
        ndpi_answers();
    else
        printf("SKIP ndpi: it is not built here\n");
    again_and_again(argc > 3 ? (unsigned)atoi(argv[3]) : 20);
    two_engines_in_two_threads();
    return CHECKS_END("wrappers");
}
