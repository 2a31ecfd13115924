# The besu plugin's parsers and state machines on recorded answers.
if HAVE_CUNIT
if BUILD_BESU
check_PROGRAMS += tests/unit/besu/unit_besu
TESTS += tests/unit/besu/unit_besu
tests_unit_besu_unit_besu_SOURCES = $(UNIT_SOURCES) tests/unit/fakehost.c tests/unit/fakehost.h \
    tests/unit/net/server.c tests/unit/net/server.h tests/unit/besu/main.c \
    tests/unit/besu/recorded.c tests/unit/besu/recorded.h tests/unit/besu/test_extradata.c \
    tests/unit/besu/test_chain.c tests/unit/besu/test_logtail.c tests/unit/besu/test_rounds.c \
    tests/unit/besu/test_watch.c tests/unit/besu/test_node.c \
    tests/unit/besu/test_besu.c tests/unit/besu/test_refusal.c tests/unit/besu/test_quorum.c \
    tests/unit/besu/test_allowlist.c tests/unit/besu/test_pool.c tests/unit/besu/test_contract.c \
    tests/unit/besu/test_audit.c tests/unit/besu/test_audit_doc.c
tests_unit_besu_unit_besu_CPPFLAGS = $(AM_CPPFLAGS) $(CUNIT_CFLAGS) -I$(top_srcdir)
tests_unit_besu_unit_besu_LDADD = plugins/besu/libbesu.la lib/libchain138net.la \
    lib/libchain138.la $(UNIT_LIBS) -lm
endif
endif
EXTRA_DIST += tests/data
