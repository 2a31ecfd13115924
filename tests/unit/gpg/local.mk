# The gpg plugin: what messages say of their recipients, and the plugin where there is no gpg.
if HAVE_CUNIT
if HAVE_GPGME
check_PROGRAMS += tests/unit/gpg/unit_gpg
TESTS += tests/unit/gpg/unit_gpg
tests_unit_gpg_unit_gpg_SOURCES = $(UNIT_SOURCES) tests/unit/fakehost.c tests/unit/fakehost.h tests/unit/gpg/main.c \
    tests/unit/gpg/test_packets.c tests/unit/gpg/test_gpg.c
tests_unit_gpg_unit_gpg_CPPFLAGS = $(AM_CPPFLAGS) $(CUNIT_CFLAGS) -I$(top_srcdir) $(SODIUM_CFLAGS)
tests_unit_gpg_unit_gpg_LDADD = plugins/gpg/libgpg.la $(UNIT_LIBS) -lm
endif
endif
