# Targets for the formats of keys.
if HAVE_WALLET
wallet_fuzz = tests/fuzz/fuzz_keystore tests/fuzz/fuzz_mnemonic tests/fuzz/fuzz_slip39 tests/fuzz/fuzz_tesserakey
wallet_fuzz_libs = lib/libchain138wallet.la lib/libchain138.la
check_PROGRAMS += $(wallet_fuzz)
if !FUZZERS
TESTS += $(wallet_fuzz)
endif
tests_fuzz_fuzz_keystore_SOURCES = tests/fuzz/fuzz_keystore.c tests/fuzz/wallet_host.h $(FUZZ_MAIN)
tests_fuzz_fuzz_keystore_LDADD = $(wallet_fuzz_libs)
tests_fuzz_fuzz_keystore_LDFLAGS = $(AM_FUZZ_LDFLAGS)
tests_fuzz_fuzz_mnemonic_SOURCES = tests/fuzz/fuzz_mnemonic.c tests/fuzz/wallet_host.h $(FUZZ_MAIN)
tests_fuzz_fuzz_mnemonic_LDADD = $(wallet_fuzz_libs)
tests_fuzz_fuzz_mnemonic_LDFLAGS = $(AM_FUZZ_LDFLAGS)
tests_fuzz_fuzz_slip39_SOURCES = tests/fuzz/fuzz_slip39.c tests/fuzz/wallet_host.h $(FUZZ_MAIN)
tests_fuzz_fuzz_slip39_LDADD = $(wallet_fuzz_libs)
tests_fuzz_fuzz_slip39_LDFLAGS = $(AM_FUZZ_LDFLAGS)
tests_fuzz_fuzz_tesserakey_SOURCES = tests/fuzz/fuzz_tesserakey.c tests/fuzz/wallet_host.h $(FUZZ_MAIN)
tests_fuzz_fuzz_tesserakey_LDADD = $(wallet_fuzz_libs)
tests_fuzz_fuzz_tesserakey_LDFLAGS = $(AM_FUZZ_LDFLAGS)
endif
EXTRA_DIST += tests/fuzz/corpus/keystore tests/fuzz/corpus/mnemonic tests/fuzz/corpus/slip39 tests/fuzz/corpus/tesserakey
if HAVE_GPGME
check_PROGRAMS += tests/fuzz/fuzz_gpg
if !FUZZERS
TESTS += tests/fuzz/fuzz_gpg
endif
tests_fuzz_fuzz_gpg_SOURCES = tests/fuzz/fuzz_gpg.c $(FUZZ_MAIN)
tests_fuzz_fuzz_gpg_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)
tests_fuzz_fuzz_gpg_LDADD = plugins/gpg/libpackets.la lib/libchain138.la
tests_fuzz_fuzz_gpg_LDFLAGS = $(AM_FUZZ_LDFLAGS)
endif
EXTRA_DIST += tests/fuzz/corpus/gpg
