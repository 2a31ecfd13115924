# The plugins keys and chain under a real agent; chain_real.py where there is a real Besu, keys_tessera.py where there is a real Tessera.
if HAVE_WALLET
TESTS += tests/integration/keys_test.py tests/integration/keys_prompt.py tests/integration/keys_token.py \
    tests/integration/chain_test.py tests/integration/chain_real.py
if HAVE_GPGME
TESTS += tests/integration/keys_backup.py
endif
if BUILD_BESU
TESTS += tests/integration/keys_rotate.py tests/integration/keys_rotate_real.py tests/integration/keys_tessera.py \
    tests/integration/besu_contracts.py
endif
endif
if HAVE_CURL
TESTS += tests/integration/logs_test.py
endif
dist_check_SCRIPTS += tests/integration/keys_test.py tests/integration/chain_test.py tests/integration/chain_real.py \
    tests/integration/besu_contracts.py tests/integration/logs_test.py tests/integration/keys_prompt.py \
    tests/integration/keys_token.py tests/integration/keys_rotate.py tests/integration/keys_rotate_real.py \
    tests/integration/keys_backup.py tests/integration/keys_tessera.py
EXTRA_DIST += tests/integration/places.py tests/integration/recipients.py tests/integration/sender.py \
    tests/integration/proxy.py
