# The keys plugin: its memory, limits, ledger and key files, and its actions on a host of the test's.
if HAVE_CUNIT
if HAVE_WALLET
check_PROGRAMS += tests/unit/keys/unit_keys
TESTS += tests/unit/keys/unit_keys
tests_unit_keys_unit_keys_SOURCES = $(UNIT_SOURCES) tests/unit/fakehost.c tests/unit/fakehost.h \
    tests/unit/keys/main.c tests/unit/keys/rig.c tests/unit/keys/rig.h tests/unit/keys/test_vault.c \
    tests/unit/keys/test_limits.c tests/unit/keys/test_ledger.c tests/unit/keys/test_ring.c \
    tests/unit/keys/test_keys.c tests/unit/keys/test_token.c tests/unit/keys/test_rotation.c
tests_unit_keys_unit_keys_CPPFLAGS = $(AM_CPPFLAGS) $(CUNIT_CFLAGS) -I$(top_srcdir)
tests_unit_keys_unit_keys_LDADD = plugins/keys/libkeys.la lib/libchain138wallet.la \
    lib/libchain138secp.la lib/libchain138.la $(UNIT_LIBS) -lm
endif
endif
