/* SPDX-License-Identifier: MIT */
/* Modules by the public interface: what they see, what is believed, what they cannot harm.
 *   modules_test FOLDER    where the probes are */
#include <cdpi/cdpi.h>
#include <cdpi/module.h>
#include <stdlib.h>
#include <string.h>

#include "support/check.h"
#include "support/packets.h"

#define SECOND 1000000ull
enum { SYN = 2, ACK = 16 };

typedef enum cdpi_module_says answer_fn(const struct cdpi_module_flow *flow,
                                        struct cdpi_module_verdict *verdict);

static const char *folder;
static char last_missing[300];

static void missing(void *context, const char *module, const char *why)
{
    (void)context;
    snprintf(last_missing, sizeof last_missing, "%s: %s", module, why);
}

/* An engine with the given modules; the probe asks `answer`. */
static struct cdpi *open_with(const char *modules, const char *probe, answer_fn *answer,
                              bool ask_all)
{
    char setting[64];
    const char *settings[] = {setting, NULL};
    struct cdpi_error error = {""};
    struct cdpi *engine = NULL;
    snprintf(setting, sizeof setting, "%s.call=%llx", probe, (unsigned long long)(uintptr_t)answer);
    struct cdpi_options options = {.struct_size = sizeof options,
                                   .modules = modules,
                                   .settings = answer ? settings : NULL,
                                   .module_path = folder,
                                   .ask_all = ask_all,
                                   .on_module_missing = missing};
    if (cdpi_open(&options, &engine, &error) != CDPI_OK)
        printf("%s\n", error.text);
    return engine;
}

static const struct ends usual = {{0xc0000201, 0xc0000202}, {40000, 2222}, false};

static struct cdpi_flow *udp(struct cdpi *e, bool from_server, const char *text, uint64_t time)
{
    struct frame f;
    struct cdpi_flow *flow = NULL;
    build_udp(&f, &usual, from_server, text, strlen(text));
    struct cdpi_frame frame = as_frame(&f, time);
    return cdpi_packet_flow(e, &frame, &flow, NULL) == CDPI_OK ? flow : NULL;
}

static struct cdpi_flow *tcp(struct cdpi *e, bool from_server, uint32_t sequence, const char *text,
                             uint64_t time)
{
    struct frame f;
    struct cdpi_flow *flow = NULL;
    build_tcp(&f, &usual, from_server, sequence, ACK, text, strlen(text));
    struct cdpi_frame frame = as_frame(&f, time);
    return cdpi_packet_flow(e, &frame, &flow, NULL) == CDPI_OK ? flow : NULL;
}

static struct cdpi_module_info info_of(const struct cdpi *e, const char *name)
{
    struct cdpi_module_info info = {0};
    for (size_t i = 0; (info = cdpi_module(e, i)).name && strcmp(info.name, name) != 0; i++)
        ;
    return info;
}

/* ---- what they see ----------------------------------------------------------------------- */

static struct cdpi_module_flow seen;
static uint8_t seen_head[16];
static struct cdpi_module_packet seen_packets[40];
static uint8_t seen_first[64];
static unsigned calls;

static enum cdpi_module_says look(const struct cdpi_module_flow *flow,
                                  struct cdpi_module_verdict *verdict)
{
    (void)verdict;
    calls++;
    seen = *flow;
    memcpy(seen_head, flow->head[0], flow->head_size[0] < 16 ? flow->head_size[0] : 16);
    for (uint32_t i = 0; i < flow->packet_count && i < 40; i++)
        seen_packets[i] = flow->packets[i];
    if (flow->packet_count)
        memcpy(seen_first, flow->packets[0].data,
               flow->packets[0].captured < 64 ? flow->packets[0].captured : 64);
    memset(flow->state, 1, 64); /* zeroed before the next call: checked by state_is_fresh */
    return CDPI_MODULE_DOES_NOT_KNOW;
}

static void packets_in_order(void)
{
    struct cdpi *e = open_with("own,packets", "packets", look, false);
    calls = 0;
    udp(e, false, "\x01zz one", 5 * SECOND + 123456);
    udp(e, true, "\x02zz twotwo", 6 * SECOND);
    struct cdpi_flow *flow = udp(e, false, "\x03zz three", 7 * SECOND + 1);
    CHECK(calls == 0 && cdpi_classify(e, flow).state == CDPI_INSPECTING);
    CHECK(cdpi_conclude(e, flow).state == CDPI_GAVE_UP);
    CHECK(calls == 1 && seen.packet_count == 3 && seen.ip_version == 4 && seen.ip_protocol == 17);
    CHECK(seen_packets[0].time == 5123456000u && seen_packets[2].time == 7000001000u);
    CHECK(seen_packets[0].side == 0 && seen_packets[1].side == 1 && seen_packets[2].side == 0);
    CHECK(seen_packets[0].length == 20 + 8 + 7 && seen_packets[0].captured == 35);
    CHECK(seen_first[0] == 0x45 && memcmp(seen_first + 28, "\x01zz one", 7) == 0);
    CHECK(seen.head_size[0] == 16 && seen.first_payload[0] == 7 && seen.first_payload[1] == 10);
    CHECK(seen.port[0] == 40000 && seen.port[1] == 2222 && seen.first_speaker == 0);
    CHECK(memcmp(seen_head, "\x01zz one", 7) == 0);
    cdpi_close(e);
}

/* They get more than own's eight datagrams; own's verdict does not change by it. */
static void up_to_sixteen(void)
{
    struct cdpi *e = open_with("own,packets", "packets", look, false);
    calls = 0;
    for (unsigned i = 0; i < 15; i++)
        udp(e, i & 1, "\x01zz", i * SECOND / 10 + SECOND);
    CHECK(calls == 0);
    udp(e, false, "\x01zz", 5 * SECOND);
    CHECK(calls == 1 && seen.packet_count == 16);
    udp(e, false, "\x01zz", 6 * SECOND);
    CHECK(calls == 1);
    cdpi_close(e);
    e = open_with("own,probe", "probe", look, false);
    calls = 0;
    for (unsigned i = 0; i < 8; i++)
        udp(e, i & 1, "\x01zz", i * SECOND / 10 + SECOND);
    CHECK(calls == 1 && seen.packet_count == 0 && !seen.packets);
    cdpi_close(e);
}

static struct cdpi_flow *bare(struct cdpi *e, bool from_server, uint32_t sequence, uint8_t flags,
                              uint64_t time)
{
    struct frame f;
    struct cdpi_flow *flow = NULL;
    build_tcp(&f, &usual, from_server, sequence, flags, "", 0);
    struct cdpi_frame frame = as_frame(&f, time);
    return cdpi_packet_flow(e, &frame, &flow, NULL) == CDPI_OK ? flow : NULL;
}

/* TCP's handshake comes first, acknowledgements where they came; a flow before on the same ports
 * leaves nothing behind. */
static void handshakes_come_first(void)
{
    struct cdpi *e = open_with("own,packets", "packets", look, false);
    bare(e, false, 70, SYN, SECOND);
    bare(e, true, 80, SYN | ACK, SECOND + 1);
    bare(e, false, 90, SYN, 2 * SECOND); /* another flow */
    bare(e, true, 400, SYN | ACK, 2 * SECOND + 1000);
    bare(e, false, 91, ACK, 2 * SECOND + 2000);
    bare(e, false, 91, ACK, 2 * SECOND + 2500); /* the table before the head holds three */
    tcp(e, false, 91, "\x01zz one", 2 * SECOND + 3000);
    bare(e, true, 401, ACK, 2 * SECOND + 4000);
    struct cdpi_flow *flow = tcp(e, true, 401, "\x02zz two", 2 * SECOND + 5000);
    calls = 0;
    CHECK(cdpi_conclude(e, flow).state == CDPI_GAVE_UP);
    CHECK(calls == 1 && seen.packet_count == 6);
    CHECK(seen_packets[0].time == 2000000000u && !seen_packets[0].has_payload);
    CHECK(seen_packets[0].side == 0 && seen_packets[1].side == 1 && seen_packets[2].side == 0);
    CHECK(seen_packets[3].has_payload && seen_packets[3].time == 2003000000u);
    CHECK(!seen_packets[4].has_payload && seen_packets[4].side == 1);
    CHECK(seen_packets[5].has_payload && seen_packets[0].captured == 40);
    CHECK(seen_first[0] == 0x45 && seen_first[33] == SYN);
    cdpi_close(e);
}

static void large_packets_are_cut(void)
{
    static char large[1901];
    struct cdpi *e = open_with("packets", "packets", look, false);
    memset(large, 'x', 1900);
    for (unsigned i = 0; i < 6; i++)
        udp(e, false, large, SECOND + i);
    struct cdpi_flow *flow = udp(e, false, large, SECOND + 9);
    cdpi_conclude(e, flow);
    CHECK(seen.packet_count == 7 && seen_packets[6].captured == 1928 &&
          seen_packets[6].length == 1928);
    cdpi_close(e);
}

/* ---- what own settles never reaches them ------------------------------------------------- */

static void not_asked_when_own_knows(void)
{
    struct cdpi *e = open_with("own,packets,probe", "packets", look, false);
    struct cdpi_module_answer answers[4];
    calls = 0;
    tcp(e, true, 1, "SSH-2.0-server\r\n", SECOND);
    struct cdpi_flow *flow = tcp(e, false, 1, "SSH-2.0-client\r\n", SECOND);
    CHECK(cdpi_classify(e, flow).state == CDPI_FINAL);
    CHECK(cdpi_classify_all(e, flow, answers, 4) == 3);
    CHECK(answers[0].state == CDPI_ANSWERED && answers[1].state == CDPI_NOT_ASKED);
    CHECK(answers[2].state == CDPI_NOT_ASKED && calls == 0);
    CHECK(cdpi_flush(e) == CDPI_OK && info_of(e, "packets").asked == 0);
    CHECK(info_of(e, "own").asked == 1 && info_of(e, "own").answered == 1);
    cdpi_close(e);
}

/* ---- ask_all ----------------------------------------------------------------------------- */

static const char *says_name;
static enum cdpi_module_says what_it_says;
static enum cdpi_module_says name_it(const struct cdpi_module_flow *flow,
                                     struct cdpi_module_verdict *verdict)
{
    (void)flow;
    verdict->protocol = says_name;
    verdict->rule = "because";
    verdict->length = 2;
    verdict->packet = 1;
    verdict->side = 1;
    return what_it_says;
}

static void all_are_asked(void)
{
    struct cdpi *e = open_with("own,packets,probe", "packets", name_it, true);
    struct cdpi_module_answer a[4];
    says_name = "packets:THING";
    what_it_says = CDPI_MODULE_KNOWS;
    tcp(e, true, 1, "SSH-2.0-server\r\n", SECOND);
    struct cdpi_flow *flow = tcp(e, false, 1, "SSH-2.0-client\r\n", SECOND);
    CHECK(cdpi_classify(e, flow).state == CDPI_PARTIAL);
    CHECK(cdpi_classify(e, flow).confidence == CDPI_CERTAIN);
    struct cdpi_verdict v = cdpi_conclude(e, flow);
    CHECK(v.state == CDPI_FINAL && strcmp(cdpi_protocol_name(e, v.protocol), "SSH") == 0);
    CHECK(strcmp(v.evidence.rule, "identification string") == 0);
    CHECK(cdpi_classify_all(e, flow, a, 4) == 3 && a[0].state == CDPI_ANSWERED);
    CHECK(a[1].state == CDPI_ANSWERED && a[2].state == CDPI_NO_ANSWER);
    CHECK(strcmp(cdpi_protocol_name(e, a[1].verdict.protocol), "packets:THING") == 0);
    CHECK(strcmp(a[1].verdict.evidence.rule, "because") == 0 && a[1].verdict.evidence.length == 2);
    CHECK(strcmp(a[1].verdict.source, "packets") == 0 && a[1].verdict.confidence == CDPI_LIKELY);
    CHECK(info_of(e, "packets").disagreed == 1 && info_of(e, "packets").agreed == 0);
    cdpi_close(e);
}

static void answers_of_many_flows(void)
{
    struct cdpi *e = open_with("own,packets", "packets", name_it, true);
    struct cdpi_module_answer a[2];
    unsigned right = 0;
    says_name = "packets:THING";
    for (uint16_t port = 40000; port < 43000; port++) {
        struct frame f;
        struct cdpi_flow *flow = NULL;
        struct ends ends = usual;
        ends.port[0] = port;
        build_udp(&f, &ends, false, "zz", 2);
        struct cdpi_frame frame = as_frame(&f, SECOND + port);
        if (cdpi_packet_flow(e, &frame, &flow, NULL) != CDPI_OK)
            continue;
        what_it_says = CDPI_MODULE_DOES_NOT_KNOW;
        if (port % 3 == 0)
            what_it_says = CDPI_MODULE_KNOWS;
        cdpi_conclude(e, flow);
        if (port % 3 == 0) { /* evidence about a silent server makes no sense */
            cdpi_classify_all(e, flow, a, 2);
            right += a[1].state == CDPI_NO_ANSWER;
        }
        if (port % 2 && cdpi_flush(e) != CDPI_OK)
            break;
    }
    CHECK(right == 1000 && info_of(e, "packets").nonsense == 1002);
    cdpi_close(e);
}

static void a_guess_stays_apart(void)
{
    struct cdpi *e = open_with("own,probe", "probe", name_it, false);
    struct cdpi_module_answer a[2];
    says_name = "SSH";
    what_it_says = CDPI_MODULE_GUESSES;
    udp(e, true, "zz", SECOND);
    struct cdpi_flow *flow = udp(e, false, "zz", SECOND);
    struct cdpi_verdict v = cdpi_conclude(e, flow);
    CHECK(v.state == CDPI_GAVE_UP && !v.protocol && !v.application && !*v.source);
    CHECK(strcmp(cdpi_protocol_name(e, v.guess), "SSH") == 0);
    cdpi_classify_all(e, flow, a, 2);
    CHECK(a[1].state == CDPI_ANSWERED && a[1].verdict.guess == v.guess && !a[1].verdict.protocol);
    CHECK(info_of(e, "probe").guessed == 1 && info_of(e, "probe").answered == 0);
    cdpi_close(e);
}

/* ---- nonsense ---------------------------------------------------------------------------- */

static unsigned kind;
static struct cdpi *caught;
static unsigned refused;

static void call_back(void)
{
    struct cdpi_frame frame = {.data = (const uint8_t *)"", .link_type = 1};
    struct cdpi_flow *flow;
    refused += cdpi_feed(caught, &frame, 1) == CDPI_BUSY;
    refused += cdpi_packet_flow(caught, &frame, &flow, NULL) == CDPI_BUSY;
    refused += cdpi_flush(caught) == CDPI_BUSY;
    refused += cdpi_close(caught) == CDPI_BUSY;
}

enum { KINDS = 12 };
static enum cdpi_module_says talk_nonsense(const struct cdpi_module_flow *flow,
                                           struct cdpi_module_verdict *verdict)
{
    static char long_name[200], odd[8];
    verdict->protocol = "probe:NAME";
    memset(long_name, 'x', sizeof long_name - 1);
    switch (kind) {
    case 0:
        return (enum cdpi_module_says)77;
    case 1:
        verdict->protocol = NULL;
        break;
    case 2:
        verdict->protocol = "";
        break;
    case 3:
        verdict->protocol = long_name;
        break;
    case 4:
        verdict->protocol = "a\"b\n\xff";
        break;
    case 5:
        verdict->application = long_name;
        break;
    case 6:
        verdict->side = 9;
        break;
    case 7:
        verdict->offset = flow->head_size[0];
        verdict->length = 1;
        break;
    case 8:
        verdict->offset = 4;
        verdict->length = UINT32_MAX;
        break;
    case 9:
        verdict->packet = 100000;
        break;
    case 10:
        verdict->rule = long_name;
        break;
    case 11:
        call_back();
        snprintf(odd, sizeof odd, "%c", 7);
        verdict->rule = odd;
        break;
    default:
        break;
    }
    return CDPI_MODULE_KNOWS;
}

static void nonsense_harms_nothing(void)
{
    struct cdpi *e = caught = open_with("own,probe", "probe", talk_nonsense, false);
    refused = 0;
    for (kind = 0; kind < KINDS; kind++) {
        struct cdpi_flow *flow = udp(e, false, "zzzz", SECOND);
        CHECK(cdpi_conclude(e, flow).state == CDPI_GAVE_UP);
        CHECK(cdpi_flush(e) == CDPI_OK);
    }
    CHECK(info_of(e, "probe").nonsense == KINDS + 2 && info_of(e, "probe").answered == 0);
    CHECK(refused == 4);
    tcp(e, true, 1, "SSH-2.0-server\r\n", SECOND);
    struct cdpi_flow *flow = tcp(e, false, 1, "SSH-2.0-client\r\n", SECOND);
    CHECK(cdpi_classify(e, flow).state == CDPI_FINAL);
    cdpi_close(e);
}

/* More names and rules than there is room for. */
static enum cdpi_module_says invent(const struct cdpi_module_flow *flow,
                                    struct cdpi_module_verdict *verdict)
{
    static char name[40], rule[40];
    (void)flow;
    snprintf(name, sizeof name, "probe:%u", kind);
    snprintf(rule, sizeof rule, "rule %u", kind);
    verdict->protocol = name;
    verdict->rule = rule;
    return CDPI_MODULE_KNOWS;
}

static void endless_names(void)
{
    struct cdpi *e = open_with("probe", "probe", invent, false);
    unsigned known = 0;
    for (kind = 0; kind < 1500; kind++) {
        struct cdpi_flow *flow = udp(e, false, "zz", SECOND);
        struct cdpi_verdict v = cdpi_conclude(e, flow);
        known += v.protocol != 0;
        CHECK((v.protocol != 0) == (v.state == CDPI_FINAL));
        CHECK(cdpi_flush(e) == CDPI_OK);
    }
    CHECK(known == 1023); /* 1024 names, one of them announced at open */
    cdpi_close(e);
}

/* ---- loading ----------------------------------------------------------------------------- */

static void what_cannot_be_loaded(void)
{
    last_missing[0] = 0;
    struct cdpi *e = open_with("own,nosuch", "x", NULL, false);
    CHECK(e && strstr(last_missing, "nosuch") && !cdpi_module(e, 1).name);
    cdpi_close(e);
    e = open_with("own,oldabi", "x", NULL, false);
    CHECK(e && strstr(last_missing, "abi 99") && !cdpi_module(e, 1).name);
    cdpi_close(e);
    e = open_with("own,cut", "x", NULL, false);
    CHECK(e && strstr(last_missing, "cut") && !cdpi_module(e, 1).name);
    cdpi_close(e);
    struct cdpi_options options = {.struct_size = sizeof options, .modules = "own,nosuch"};
    struct cdpi_error error;
    CHECK(cdpi_open(&options, &e, &error) == CDPI_NO_MODULE && strstr(error.text, "nosuch"));
    static const char *const slip[] = {"prob.call=0", NULL};
    options.modules = "own";
    options.settings = slip;
    CHECK(cdpi_open(&options, &e, &error) == CDPI_BAD_ARGUMENT && strstr(error.text, "prob.call"));
}

static void names_at_open(void)
{
    struct cdpi *e = open_with("own,probe", "probe", NULL, false);
    CHECK(cdpi_protocol_by_name(e, "probe:ONE") == 32768);
    CHECK(cdpi_protocol_by_name(e, "ssh") == 1);
    CHECK(info_of(e, "probe").nonsense == 2);
    cdpi_close(e);
}

static void again_and_again(void)
{
    for (unsigned i = 0; i < 100; i++) {
        struct cdpi *e = open_with("own,packets,probe", "packets", look, i & 1);
        udp(e, false, "zz", SECOND);
        cdpi_close(e);
    }
    CHECK(calls > 0);
}

int main(int argc, char **argv)
{
    folder = argc > 1 ? argv[1] : ".";
    packets_in_order();
    up_to_sixteen();
    handshakes_come_first();
    large_packets_are_cut();
    not_asked_when_own_knows();
    all_are_asked();
    answers_of_many_flows();
    a_guess_stays_apart();
    nonsense_harms_nothing();
    endless_names();
    what_cannot_be_loaded();
    names_at_open();
    again_and_again();
    return CHECKS_END("modules");
}
