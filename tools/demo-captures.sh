#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The bundled captures that `make run` shows.
ls tests/captures/*.pcap | grep -E '/(http|dns|ssh|tls|smtp|mqtt)[^/]*\.pcap$' | head -6
