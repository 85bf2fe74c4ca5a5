/* SPDX-License-Identifier: MIT */
/*
 * Capture files and live capture for cdpi: pcap (both byte orders, micro- and nanoseconds), pcapng
 * (several sections and interfaces), each also compressed by gzip or zstd; standard input;
 * interfaces by libpcap.
 *
 * Frames come in batches that point into the reader's memory: they are valid until the next call on
 * the same capture.
 */
#ifndef CDPI_CAPTURE_H
#define CDPI_CAPTURE_H

#include <cdpi/cdpi.h>

#ifdef __cplusplus
extern "C" {
#endif

struct cdpi_capture;

struct cdpi_capture_options {
    size_t struct_size;
    const char *filter; /* BPF expression, or NULL; needs libpcap */
};

/* Opens a file; "-" is standard input. Plain files are mapped, everything else is streamed. */
CDPI_API CDPI_MUST_USE enum cdpi_status
cdpi_capture_open(const char *path, const struct cdpi_capture_options *options,
                  struct cdpi_capture **capture, struct cdpi_error *error);

/* Opens an interface for live capture. CDPI_CANNOT_READ with the cause where that is not possible.
 */
CDPI_API CDPI_MUST_USE enum cdpi_status
cdpi_capture_open_live(const char *interface, const struct cdpi_capture_options *options,
                       struct cdpi_capture **capture, struct cdpi_error *error);

/* Up to `room` frames. CDPI_OK: *count frames, perhaps 0 on a live capture that saw none for a
 * while. CDPI_END: none left. CDPI_CUT, CDPI_BROKEN, CDPI_CANNOT_READ: none left either, and error
 * says what is wrong and where; everything before it has been returned. */
CDPI_API CDPI_MUST_USE enum cdpi_status cdpi_capture_next(struct cdpi_capture *capture,
                                                          struct cdpi_frame *frames, size_t room,
                                                          size_t *count, struct cdpi_error *error);

/* How far the reader is, from 0 to 1; negative where that cannot be known (a stream). */
CDPI_API double cdpi_capture_progress(const struct cdpi_capture *capture);

/* Makes a live capture's next call return CDPI_END. May be called from a signal handler. */
CDPI_API void cdpi_capture_stop(struct cdpi_capture *capture);

CDPI_API void cdpi_capture_close(struct cdpi_capture *capture);

#ifdef __cplusplus
}
#endif
#endif
