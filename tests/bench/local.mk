# make bench: figures as ratios against a peer in the same run.
EXTRA_DIST += tests/bench/bench.py tests/bench/bench_backup.py tests/bench/decode.js tests/bench/decode_inputs.json
BENCH_SOURCES = tests/bench/bench.c tests/bench/bench.h
EXTRA_PROGRAMS += bench_call
BENCHES += bench_call
CLEANFILES += bench_call bench_bus
bench_call_SOURCES = $(BENCH_SOURCES) tests/bench/bench_call.c
bench_call_CPPFLAGS = $(AM_CPPFLAGS) $(EVENT_CFLAGS)
bench_call_LDADD = core/libcore.la
EXTRA_PROGRAMS += bench_bus
bench_bus_SOURCES = $(BENCH_SOURCES) tests/bench/bench_bus.c
bench_bus_CPPFLAGS = $(AM_CPPFLAGS) $(EVENT_CFLAGS) $(NATS_CFLAGS)
bench_bus_LDADD = core/libcore.la $(NATS_LIBS)
if HAVE_NATS
BENCHES += bench_bus
endif
EXTRA_PROGRAMS += bench_evm
CLEANFILES += bench_evm
bench_evm_SOURCES = $(BENCH_SOURCES) tests/bench/bench_evm.c
bench_evm_CPPFLAGS = $(AM_CPPFLAGS) $(EVENT_CFLAGS) $(GCRYPT_CFLAGS) $(SECP256K1_CFLAGS)
bench_evm_LDADD = lib/libchain138secp.la core/libcore.la lib/libchain138.la $(GCRYPT_LIBS) $(SECP256K1_LIBS)
if HAVE_GCRYPT
BENCHES += bench_evm
endif
EXTRA_PROGRAMS += bench_decode
BENCHES += bench_decode
CLEANFILES += bench_decode
bench_decode_SOURCES = $(BENCH_SOURCES) tests/bench/bench_decode.c
bench_decode_CPPFLAGS = $(AM_CPPFLAGS) $(EVENT_CFLAGS)
bench_decode_LDADD = lib/libchain138abi.la core/libcore.la lib/libchain138.la

# Made by `make bench` only.
BENCH_PLUGINS = tests/bench/bench-pub.la tests/bench/bench-sub.la
EXTRA_LTLIBRARIES = $(BENCH_PLUGINS)
tests_bench_bench_pub_la_SOURCES = tests/bench/plugins/bench-pub.c
tests_bench_bench_pub_la_LDFLAGS = $(AM_PLUGIN_LDFLAGS) -rpath /nowhere
tests_bench_bench_sub_la_SOURCES = tests/bench/plugins/bench-sub.c
tests_bench_bench_sub_la_LDFLAGS = $(AM_PLUGIN_LDFLAGS) -rpath /nowhere
CLEANFILES += $(BENCH_PLUGINS)

bench: all $(check_LTLIBRARIES) $(BENCH_PLUGINS) $(BENCHES)
	C138_BUILD_DIR=$(abs_builddir) python3 $(srcdir)/tests/bench/bench.py
.PHONY: bench
