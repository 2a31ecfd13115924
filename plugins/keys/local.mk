# The plugin that holds keys and signs. Its sources are also a library for its unit tests.
keys_sources = plugins/keys/keys.c plugins/keys/keys.h plugins/keys/declared.c plugins/keys/settings.c \
    plugins/keys/actions.c plugins/keys/open.c plugins/keys/sign.c plugins/keys/backup.c plugins/keys/backup.h plugins/keys/restore.c \
    plugins/keys/rotate.c plugins/keys/rotate.h plugins/keys/rotate_role.c \
    plugins/keys/rotate_validator.c plugins/keys/rotate_tessera.c plugins/keys/rotation.c plugins/keys/rotation.h plugins/keys/token.c plugins/keys/token.h \
    plugins/keys/vault.c plugins/keys/vault.h plugins/keys/ring.c plugins/keys/ring.h \
    plugins/keys/limits.c plugins/keys/limits.h plugins/keys/ledger.c plugins/keys/ledger.h
if HAVE_WALLET
pkgplugin_LTLIBRARIES += plugins/keys/keys.la
noinst_LTLIBRARIES += plugins/keys/libkeys.la
plugins_keys_libkeys_la_SOURCES = $(keys_sources)
plugins_keys_libkeys_la_CPPFLAGS = $(AM_CPPFLAGS) -DHAVE_CONFIG_H $(SODIUM_CFLAGS) $(PKCS11_CFLAGS)
plugins_keys_libkeys_la_LIBADD = lib/libchain138wallet.la lib/libchain138secp.la lib/libchain138abi.la \
    lib/libchain138.la
plugins_keys_keys_la_SOURCES =
plugins_keys_keys_la_LDFLAGS = $(AM_PLUGIN_LDFLAGS)
plugins_keys_keys_la_LIBADD = plugins/keys/libkeys.la
endif
