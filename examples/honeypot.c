/* SPDX-License-Identifier: MIT */
/*
 * A tiny honeypot: listens on a loopback port, takes what comes first, and names what talks to it.
 * It has bytes and no packets, so it asks cdpi_inspect.
 *
 *     honeypot PORT [CONNECTIONS]      stops after so many (default: goes on)
 */
#include <arpa/inet.h>
#include <cdpi/cdpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

static int listen_on(uint16_t port)
{
    int yes = 1, fd = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in here = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    if (fd >= 0)
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (fd < 0 || bind(fd, (struct sockaddr *)&here, sizeof here) != 0 || listen(fd, 16) != 0) {
        perror("honeypot");
        return -1;
    }
    return fd;
}

/* Reads until the verdict stands, the visitor is silent for a second, or 4 KiB are there. */
static void name_visitor(struct cdpi *engine, int visitor, uint16_t port)
{
    uint8_t bytes[4096];
    size_t size = 0;
    struct cdpi_verdict v = {0};
    struct timeval second = {.tv_sec = 1};
    setsockopt(visitor, SOL_SOCKET, SO_RCVTIMEO, &second, sizeof second);
    while (size < sizeof bytes && !v.protocol) {
        ssize_t n = recv(visitor, bytes + size, sizeof bytes - size, 0);
        if (n <= 0)
            break;
        size += (size_t)n;
        if (cdpi_inspect(engine, 6, 0, port, bytes, size, NULL, 0, &v) != CDPI_OK)
            break;
    }
    printf("%zu bytes: %s %s\n", size,
           v.protocol ? cdpi_protocol_name(engine, v.protocol) : "unknown",
           v.protocol ? v.evidence.rule : "");
    fflush(stdout);
}

int main(int argc, char **argv)
{
    struct cdpi_options options = {.struct_size = sizeof options};
    struct cdpi_error error;
    struct cdpi *engine;
    if (argc < 2) {
        fputs("usage: honeypot PORT [CONNECTIONS]\n", stderr);
        return 2;
    }
    uint16_t port = (uint16_t)atoi(argv[1]);
    long left = argc > 2 ? atol(argv[2]) : -1;
    if (cdpi_open(&options, &engine, &error) != CDPI_OK) {
        fprintf(stderr, "%s\n", error.text);
        return 1;
    }
    int fd = listen_on(port);
    if (fd < 0)
        return 1;
    while (left-- != 0) {
        int visitor = accept(fd, NULL, NULL);
        if (visitor < 0)
            break;
        name_visitor(engine, visitor, port);
        close(visitor);
    }
    close(fd);
    cdpi_close(engine);
    return 0;
}
