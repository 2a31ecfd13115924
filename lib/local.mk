# libchain138: one convenience library for the core, the control and the plugins.
lib_base_sources = lib/base/err.c lib/base/err.h lib/base/mem.c lib/base/mem.h lib/base/buf.c \
    lib/base/buf.h lib/base/json.c lib/base/json.h lib/base/sha256.c lib/base/text.c lib/base/text.h lib/base/when.c \
    lib/base/when.h lib/base/ulid.c lib/base/ulid.h lib/base/fs.c lib/base/fs.h lib/base/u256.c \
    lib/base/u256.h lib/base/lines.c lib/base/lines.h lib/base/asan.c
lib_schema_sources = lib/schema/decl.c lib/schema/decl.h lib/schema/validate.c lib/schema/validate.h \
    lib/schema/describe.c lib/schema/describe.h lib/schema/cron.c lib/schema/cron.h lib/schema/zone.c
lib_evm_sources = lib/evm/keccak.c lib/evm/keccak.h lib/evm/address.c lib/evm/address.h \
    lib/evm/rlp.c lib/evm/rlp.h lib/evm/tx.c lib/evm/tx.h lib/evm/refusal.c lib/evm/refusal.h
lib_net_sources = lib/net/promtext.c lib/net/promtext.h
noinst_LTLIBRARIES += lib/libchain138.la
lib_libchain138_la_SOURCES = $(lib_base_sources) $(lib_schema_sources) $(lib_evm_sources) \
    $(lib_net_sources)
lib_libchain138_la_CPPFLAGS = $(AM_CPPFLAGS) $(JSONC_CFLAGS) $(SODIUM_CFLAGS) $(CURL_CFLAGS)
lib_libchain138_la_LIBADD = $(JSONC_LIBS) $(SODIUM_LIBS) -lm

# The contract ABI with its table of known contracts, apart: only who reads calls has it in its process.
noinst_LTLIBRARIES += lib/libchain138abi.la
lib_libchain138abi_la_SOURCES = lib/evm/abi.h lib/evm/abi_type.c lib/evm/abi_value.c lib/evm/known.c lib/evm/known.h \
    lib/evm/revert.c lib/evm/revert.h lib/evm/typed.c lib/evm/typed.h \
    lib/evm/privatetx.c lib/evm/privatetx.h
lib_libchain138abi_la_CPPFLAGS = $(AM_CPPFLAGS)

# What needs libcurl, apart: so that only who asks nodes has it in its process. Link it before libchain138.la.
if HAVE_CURL
noinst_LTLIBRARIES += lib/libchain138net.la
lib_libchain138net_la_SOURCES = lib/net/http.c lib/net/http.h lib/net/jsonrpc.c lib/net/jsonrpc.h \
    lib/net/rpcauth.c lib/net/rpcauth.h lib/net/sigv4.c lib/net/sigv4.h
lib_libchain138net_la_CPPFLAGS = $(AM_CPPFLAGS) $(CURL_CFLAGS) $(SODIUM_CFLAGS)
lib_libchain138net_la_LIBADD = $(CURL_LIBS) $(SODIUM_LIBS)
endif

# Formats of keys, apart: so that only who holds keys has their libraries in its process. Link it before libchain138.la.
if HAVE_WALLET
noinst_LTLIBRARIES += lib/libchain138wallet.la
lib_libchain138wallet_la_SOURCES = lib/wallet/secret.c lib/wallet/secret.h lib/wallet/crypto.c lib/wallet/crypto.h \
    lib/wallet/words.c lib/wallet/words.h lib/wallet/words_bip39.c lib/wallet/words_slip39.c \
    lib/wallet/mnemonic.c lib/wallet/mnemonic.h lib/wallet/hd.c lib/wallet/hd.h lib/wallet/keystore.c \
    lib/wallet/keystore.h lib/wallet/nodekey.c lib/wallet/nodekey.h lib/wallet/tesserakey.c \
    lib/wallet/tesserakey.h lib/wallet/slip39.c lib/wallet/slip39.h
lib_libchain138wallet_la_CPPFLAGS = $(AM_CPPFLAGS) $(CRYPTO_CFLAGS) $(SECP256K1_CFLAGS) $(SODIUM_CFLAGS) $(ARGON2_CFLAGS)
lib_libchain138wallet_la_LIBADD = $(SECP256K1_LIBS) $(SODIUM_LIBS) $(ARGON2_LIBS) $(UNISTRING_LIBS) $(CRYPTO_LIBS)
endif

# What needs libsecp256k1, apart in the same way.
if HAVE_SECP256K1
noinst_LTLIBRARIES += lib/libchain138secp.la
lib_libchain138secp_la_SOURCES = lib/evm/secp.c lib/evm/secp.h
lib_libchain138secp_la_CPPFLAGS = $(AM_CPPFLAGS) $(SECP256K1_CFLAGS)
lib_libchain138secp_la_LIBADD = $(SECP256K1_LIBS)
endif
