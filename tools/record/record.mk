# SPDX-License-Identifier: MIT
# Captures of our own; the main Makefile includes this. NAME="a b": only these; RANDOM=10: ten at random.
RECORD := tools/record/record.py
RECORD_PACKAGES := debootstrap iproute2 util-linux python3

.PHONY: record record-check record-docs record-verify
record: ## record captures from real software (root; NAME="a b" or RANDOM=10)
	@command -v debootstrap >/dev/null || apt-get install -y --no-install-recommends $(RECORD_PACKAGES)
	$(RECORD) record $(if $(filter command line,$(origin RANDOM)),--random $(RANDOM)) $(NAME)
	$(RECORD) docs

record-check: ## which captures no longer match their recipe, and what is wrong in any capture
	@status=0; $(RECORD) check || status=1; tools/record/check.py || status=1; exit $$status

record-verify: ## record anew, beside the captures, and compare the verdicts (root; NAME="a b" or RANDOM=10)
	@command -v debootstrap >/dev/null || apt-get install -y --no-install-recommends $(RECORD_PACKAGES)
	@rm -rf build/record-verify
	$(RECORD) record --into build/record-verify $(if $(filter command line,$(origin RANDOM)),--random $(RANDOM)) $(NAME)
	tools/record/verdicts.py $(TOOL) build/record-verify

record-docs:
	$(RECORD) docs
