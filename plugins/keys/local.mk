# The plugin that holds keys and signs. Its sources are also a library for its unit tests.
keys_sources = plugins/keys/keys.c plugins/keys/keys.h plugins/keys/settings.c plugins/keys/actions.c \
    plugins/keys/vault.c plugins/keys/vault.h plugins/keys/ring.c plugins/keys/ring.h \
    plugins/keys/limits.c plugins/keys/limits.h plugins/keys/ledger.c plugins/keys/ledger.h
if HAVE_WALLET
pkgplugin_LTLIBRARIES += plugins/keys/keys.la
noinst_LTLIBRARIES += plugins/keys/libkeys.la
plugins_keys_libkeys_la_SOURCES = $(keys_sources)
plugins_keys_libkeys_la_CPPFLAGS = $(AM_CPPFLAGS) -DHAVE_CONFIG_H
plugins_keys_libkeys_la_LIBADD = lib/libchain138wallet.la lib/libchain138secp.la lib/libchain138abi.la \
    lib/libchain138.la
plugins_keys_keys_la_SOURCES =
plugins_keys_keys_la_LDFLAGS = $(AM_PLUGIN_LDFLAGS)
plugins_keys_keys_la_LIBADD = plugins/keys/libkeys.la
endif
