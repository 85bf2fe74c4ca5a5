/* SPDX-License-Identifier: MIT */
/* Samples as prepare.py writes them, and which protocols are classes. */
#ifndef CDPI_TOOLS_TRAIN_SAMPLES_H
#define CDPI_TOOLS_TRAIN_SAMPLES_H

#include "ml/features.h"

enum { MOST_SAMPLES = 200000, MOST_NAMES = 8000, MOST_CLASSES = 400, NAME = 96 };

struct names {
    char name[MOST_NAMES][NAME];
    int count;
};

struct sample {
    int source, group, protocol; /* into names */
    int *captures, capture_count;
    int times; /* flows with these bytes */
    int class; /* 0: none of these */
    size_t count;
    struct feature *features;
};

struct samples {
    struct sample *samples;
    int count;
    struct names sources, groups, captures, protocols;
    int class_of[MOST_NAMES]; /* by protocol */
    int protocol_of[MOST_CLASSES], classes;
};

/* Those of one transport; a line that is none is passed over. */
void samples_read(struct samples *s, const char *path, const char *transport);
/* A protocol is a class when it was recorded in so many captures and flows. */
void samples_choose_classes(struct samples *s, int least_captures, int least_flows);

#endif
