chain138includedir = $(includedir)/chain138
chain138include_HEADERS = include/chain138/abi.h include/chain138/plugin.h include/chain138/host.h
