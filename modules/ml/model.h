/* SPDX-License-Identifier: MIT */
/*
 * A model on disk, and asked. A text file:
 *
 *     cdpi-model 1
 *     scale 1.35                       what makes its probabilities honest
 *     none 0.5                         added to what speaks for "none of these"
 *     class -                          "none of these" stands first
 *     class SSH
 *     feature 21331 1:2.125 4:-0.5     key, then class:weight where it is not zero
 *
 * and comments (#). At most 2 MiB on disk, 16 MiB in memory.
 */
#ifndef CDPI_MODULES_ML_MODEL_H
#define CDPI_MODULES_ML_MODEL_H

#include "ml/features.h"

enum { MOST_CLASSES = 400, CLASS_NAME = 64, MODEL_DISK = 2 << 20, MODEL_MEMORY = 16 << 20 };

struct ml_model;

/* NULL, with one line in `why`. */
struct ml_model *ml_model_read(const char *path, char *why, size_t why_size);
void ml_model_free(struct ml_model *model);

/* The likeliest class and its probability; NULL is "none of these". */
const char *ml_model_ask(const struct ml_model *model, const struct payloads *payloads,
                         double *probability);
/* The i-th class's name, from 1; NULL past the last. */
const char *ml_model_class(const struct ml_model *model, size_t i);

#endif
