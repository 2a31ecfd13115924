# The formats of keys, on the vectors of those who made them (tests/data/wallet).
if HAVE_CUNIT
if HAVE_WALLET
check_PROGRAMS += tests/unit/wallet/unit_wallet
TESTS += tests/unit/wallet/unit_wallet
tests_unit_wallet_unit_wallet_SOURCES = $(UNIT_SOURCES) tests/unit/wallet/main.c tests/unit/wallet/rig.c \
    tests/unit/wallet/rig.h tests/unit/wallet/test_secret.c tests/unit/wallet/test_crypto.c \
    tests/unit/wallet/test_words.c tests/unit/wallet/test_mnemonic.c tests/unit/wallet/test_hd.c \
    tests/unit/wallet/test_nodekey.c tests/unit/wallet/test_keystore.c \
    tests/unit/wallet/test_tesserakey.c tests/unit/wallet/test_slip39.c tests/unit/wallet/test_leaks.c
tests_unit_wallet_unit_wallet_CPPFLAGS = $(AM_CPPFLAGS) $(CUNIT_CFLAGS) $(SODIUM_CFLAGS)
tests_unit_wallet_unit_wallet_LDADD = lib/libchain138wallet.la lib/libchain138.la $(UNIT_LIBS)
endif
endif
