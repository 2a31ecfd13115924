# The contract ABI against other implementations.
check_PROGRAMS += tests/integration/abi_tool
tests_integration_abi_tool_SOURCES = tests/integration/abi_tool.c tests/integration/tool.c tests/integration/tool.h
tests_integration_abi_tool_LDADD = lib/libchain138abi.la lib/libchain138.la
TESTS += tests/integration/abi_vectors.py
dist_check_SCRIPTS += tests/integration/abi_vectors.py
