# The plugins keys and chain under a real agent; chain_real.py where there is a real Besu.
if HAVE_WALLET
TESTS += tests/integration/keys_test.py tests/integration/chain_test.py tests/integration/chain_real.py
if BUILD_BESU
TESTS += tests/integration/besu_contracts.py
endif
endif
dist_check_SCRIPTS += tests/integration/keys_test.py tests/integration/chain_test.py tests/integration/chain_real.py \
    tests/integration/besu_contracts.py
EXTRA_DIST += tests/integration/sender.py
