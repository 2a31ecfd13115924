# The besu plugin on doubles, development chains and, where there is one, a real Besu.
besu_tests = tests/integration/besu_plugin.py tests/integration/besu_writes.py tests/integration/besu_agent.py \
    tests/integration/besu_real.py tests/integration/besu_real_writes.py
if BUILD_BESU
TESTS += $(besu_tests)
endif
EXTRA_DIST += $(besu_tests) tests/integration/besu_double.py tests/integration/besu_live.py tests/integration/driver.py
