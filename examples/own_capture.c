/* SPDX-License-Identifier: MIT */
/* Frames from a capture of one's own: here two frames that this program makes, an SSH server's and
 * a client's greeting. */
#include <cdpi/cdpi.h>
#include <stdio.h>
#include <string.h>

/* Raw IPv4 (link type 101) with TCP and a text. */
static uint32_t make_frame(uint8_t *to, bool from_server, const char *text)
{
    static const uint8_t ip_tcp[40] = {
        0x45, 0,    0,    0,    0, 0, 0x40, 0, 64, 6, 0, 0, 192,  0,    2,    1,    192, 0, 2, 2,
        0x9c, 0x40, 0x08, 0xae, 0, 0, 0,    1, 0,  0, 0, 1, 0x50, 0x18, 0xff, 0xff, 0,   0, 0, 0};
    uint32_t size = (uint32_t)(sizeof ip_tcp + strlen(text));
    memcpy(to, ip_tcp, sizeof ip_tcp);
    memcpy(to + sizeof ip_tcp, text, strlen(text));
    to[3] = (uint8_t)size;
    if (from_server) {
        memcpy(to + 12, ip_tcp + 16, 4);
        memcpy(to + 16, ip_tcp + 12, 4);
        memcpy(to + 20, ip_tcp + 22, 2);
        memcpy(to + 22, ip_tcp + 20, 2);
    }
    return size;
}

int main(void)
{
    static const char *const texts[] = {"SSH-2.0-OpenSSH_9.2p1\r\n", "SSH-2.0-libssh_0.10\r\n"};
    struct cdpi_options options = {.struct_size = sizeof options};
    struct cdpi_error error;
    struct cdpi_flow *flow = NULL;
    struct cdpi *engine;
    uint8_t bytes[256];

    if (cdpi_open(&options, &engine, &error) != CDPI_OK) {
        fprintf(stderr, "%s\n", error.text);
        return 1;
    }
    for (unsigned i = 0; i < 2; i++) {
        struct cdpi_frame frame = {.data = bytes, .link_type = 101, .time = 1000000000ull * i};
        frame.captured = frame.length = make_frame(bytes, i == 0, texts[i]);
        if (cdpi_packet_flow(engine, &frame, &flow, NULL) != CDPI_OK)
            return 1;
        struct cdpi_verdict v = cdpi_classify(engine, flow);
        printf("after %u frames: %s, %s: %s\n", i + 1, cdpi_protocol_name(engine, v.protocol),
               v.confidence == CDPI_CERTAIN ? "certain" : "likely", v.evidence.rule);
    }
    cdpi_close(engine);
    return 0;
}
