# make bench: figures as ratios against a peer in the same run.
EXTRA_DIST += tests/bench/bench.py
bench: all $(check_LTLIBRARIES) $(BENCHES)
	C138_BUILD_DIR=$(abs_builddir) python3 $(srcdir)/tests/bench/bench.py
.PHONY: bench
