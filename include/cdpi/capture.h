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

/* Opens a file, or a pipe; "-" is standard input. Everything is read through one window of memory
 * (about a MiB at the most, and up to 8 MiB for zstd), nothing is mapped: a file that shrinks or
 * vanishes meanwhile can do no harm but end the capture. Compression and format are found out here,
 * so that what is no capture fails here: CDPI_CANNOT_READ, CDPI_UNKNOWN_FORMAT, CDPI_CUT,
 * CDPI_BROKEN, or CDPI_BAD_ARGUMENT for a filter. The error is one line: the file's name and the
 * cause. */
CDPI_API CDPI_MUST_USE enum cdpi_status
cdpi_capture_open(const char *path, const struct cdpi_capture_options *options,
                  struct cdpi_capture **capture, struct cdpi_error *error);

/* Opens an interface for live capture. CDPI_CANNOT_READ with the cause where that is not
 * possible. */
CDPI_API CDPI_MUST_USE enum cdpi_status
cdpi_capture_open_live(const char *interface, const struct cdpi_capture_options *options,
                       struct cdpi_capture **capture, struct cdpi_error *error);

/* Up to `room` frames. CDPI_OK: *count frames, perhaps 0 on a live capture that saw none for a
 * while. CDPI_END: none left. CDPI_CUT, CDPI_BROKEN, CDPI_CANNOT_READ: none left either, and error
 * says what is wrong and where; everything before it has been returned. The same again on each call
 * after that. A pcapng simple packet block has no time of its own and gets that of the packet
 * before it. `captured` is at most 256 KiB: more than that in a file is CDPI_BROKEN. */
CDPI_API CDPI_MUST_USE enum cdpi_status cdpi_capture_next(struct cdpi_capture *capture,
                                                          struct cdpi_frame *frames, size_t room,
                                                          size_t *count, struct cdpi_error *error);

/* How far the reader is, from 0 to 1; negative where that cannot be known (a stream). */
CDPI_API double cdpi_capture_progress(const struct cdpi_capture *capture);

/* Makes the next call return CDPI_END, and one that waits for packets within 100 ms; one that waits
 * in a pipe when a signal interrupts it. May be called from a signal handler. */
CDPI_API void cdpi_capture_stop(struct cdpi_capture *capture);

CDPI_API void cdpi_capture_close(struct cdpi_capture *capture);

#ifdef __cplusplus
}
#endif
#endif
