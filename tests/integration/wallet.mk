# Key formats against other implementations.
if HAVE_WALLET
check_PROGRAMS += tests/integration/wallet_tool
tests_integration_wallet_tool_SOURCES = tests/integration/wallet_tool.c
tests_integration_wallet_tool_LDADD = lib/libchain138wallet.la lib/libchain138.la
TESTS += tests/integration/wallet_vectors.py
endif
dist_check_SCRIPTS += tests/integration/wallet_vectors.py
EXTRA_DIST += tests/integration/vectors.py
