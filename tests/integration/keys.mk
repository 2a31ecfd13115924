# The plugins keys and chain under a real agent.
if HAVE_WALLET
TESTS += tests/integration/keys_test.py tests/integration/keys_prompt.py tests/integration/keys_token.py \
    tests/integration/chain_test.py
endif
if HAVE_WALLET
if HAVE_CURL
TESTS += tests/integration/keys_rotate.py
endif
if HAVE_GPGME
TESTS += tests/integration/keys_backup.py
endif
endif
dist_check_SCRIPTS += tests/integration/keys_prompt.py tests/integration/keys_token.py tests/integration/keys_rotate.py \
    tests/integration/keys_backup.py
EXTRA_DIST += tests/integration/places.py tests/integration/recipients.py
dist_check_SCRIPTS += tests/integration/keys_test.py tests/integration/chain_test.py
EXTRA_DIST += tests/integration/sender.py
