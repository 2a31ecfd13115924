if HAVE_CUNIT
check_PROGRAMS += tests/unit/worker/unit_worker
TESTS += tests/unit/worker/unit_worker
tests_unit_worker_unit_worker_SOURCES = $(UNIT_SOURCES) tests/unit/worker/main.c tests/unit/worker/peer.c \
    tests/unit/worker/peer.h tests/unit/worker/test_jsonscan.c tests/unit/worker/test_mailbox.c \
    tests/unit/worker/test_port.c tests/unit/worker/test_runtime.c \
    tests/unit/worker/test_runtime_refuse.c tests/unit/worker/test_sandbox.c tests/unit/worker/test_wire.c
tests_unit_worker_unit_worker_CPPFLAGS = $(AM_CPPFLAGS) $(CUNIT_CFLAGS) -I$(srcdir)/tests/unit \
    -DFAULT_PLUGIN_DIR='"$(abs_top_builddir)/tests/fault/plugins/.libs"' \
    -DFAULT_CTOR_FILE='"$(abs_top_builddir)/tests/fault/ctor-ran"' \
    -DPEER_HOST_PROGRAM='"$(abs_top_builddir)/chain138-plugin-host"' \
    -DPEER_STATE_DIR='"$(abs_top_builddir)/tests/unit/worker-state"'
tests_unit_worker_unit_worker_LDADD = core/libcore.la $(UNIT_LIBS) -lm
endif
