# Ethereum's formats against other implementations.
if HAVE_SECP256K1
check_PROGRAMS += tests/integration/evm_tool
tests_integration_evm_tool_SOURCES = tests/integration/evm_tool.c tests/integration/tool.c tests/integration/tool.h
tests_integration_evm_tool_LDADD = lib/libchain138secp.la lib/libchain138.la
TESTS += tests/integration/evm_vectors.py tests/integration/cast_vectors.py tests/integration/refusals.py
endif
dist_check_SCRIPTS += tests/integration/evm_vectors.py tests/integration/cast_vectors.py tests/integration/refusals.py
