#include "init.h"

#include <base/fs.h>
#include <base/mem.h>
#include <base/text.h>
#include <wallet/tesserakey.h>

#include <stdio.h>
#include <string.h>

#define PASSWORD_BYTES 24
#define DRIVER_MAX (16u << 20) /* bytes; of one jar, which has 1 MB as a rule */

/* The key, locked with a password of its own. Both are read by the container's user alone. */
static c138_status keys(struct init *n, struct c138_err *err) {
    const struct secret_host *host = secret_host_heap();
    SECRET key = SECRET_NULL;
    C138_BUF struct c138_buf locked = C138_BUF_NULL;
    uint8_t random[PASSWORD_BYTES], public_key[32];
    char password[2 * PASSWORD_BYTES + 1];
    c138_status status = tesserakey_new(host, &key, err);
    if (status >= 0)
        status = secret_random(host, random, sizeof(random), err);
    c138_hex_encode(random, sizeof(random), password);
    if (status >= 0)
        status = tesserakey_public(key.bytes, public_key, err);
    if (status >= 0)
        status = tesserakey_lock(host, key.bytes, password, strlen(password), &TESSERAKEY_MODERATE,
                                 &locked, err);
    if (status >= 0) {
        tesserakey_public_text(public_key, n->tessera_key);
        status = init_text(n, "tessera/tm.key", 1, &locked, err);
    }
    if (status >= 0)
        status = init_write(n, "tessera/tm.pub", 0, n->tessera_key, strlen(n->tessera_key), err);
    if (status >= 0)
        status = init_write(n, "tessera/passwords", 1, password, strlen(password), err);
    c138_wipe(random, sizeof(random));
    c138_wipe(password, sizeof(password));
    return status;
}

/* Tables as Tessera makes them in H2 (seen with 21.1.1), in PostgreSQL's types; PAYLOAD_CODEC came
 * with 22, and an older one leaves it empty. */
static c138_status tables(struct init *n, struct c138_err *err) {
    static const char sql[] =
        "CREATE TABLE ENCRYPTED_TRANSACTION (ENCODED_PAYLOAD BYTEA NOT NULL, PAYLOAD_CODEC "
        "VARCHAR(50), TIMESTAMP BIGINT, HASH BYTEA NOT NULL, PRIMARY KEY (HASH));\n"
        "CREATE TABLE ENCRYPTED_RAW_TRANSACTION (ENCRYPTED_KEY BYTEA NOT NULL, ENCRYPTED_PAYLOAD "
        "BYTEA NOT NULL, NONCE BYTEA NOT NULL, SENDER BYTEA NOT NULL, TIMESTAMP BIGINT, HASH "
        "BYTEA NOT NULL, PRIMARY KEY (HASH));\n"
        "CREATE TABLE PRIVACY_GROUP (ID BYTEA NOT NULL, DATA BYTEA NOT NULL, LOOKUP_ID BYTEA, "
        "TIMESTAMP BIGINT, PRIMARY KEY (ID));\n";
    return init_write(n, "postgres/tessera.sql", 0, sql, strlen(sql), err);
}

/* The driver goes along: Tessera's image has one for H2 alone, and its start takes every jar of its
 * folder lib. Names of files stand uncompressed in a jar. */
static c138_status driver(struct init *n, struct c138_err *err) {
    static const char wanted[] = "org/postgresql/Driver.class";
    C138_BUF struct c138_buf jar = C138_BUF_MAX(DRIVER_MAX);
    struct c138_err why = {0};
    c138_status status = c138_file_read(n->jdbc_driver, DRIVER_MAX, &jar, &why);
    if (status < 0)
        return c138_error(err, C138_E_NOTFOUND, "stack.init",
                          "Tessera's image has no driver for PostgreSQL, and there is none here: "
                          "%s. apt install libpostgresql-jdbc-java, or name a jar with "
                          "--jdbc-driver, below /usr or init_dir, as this plugin sees no others",
                          why.text);
    if (jar.length < 4 || memcmp(c138_buf_text(&jar), "PK\3\4", 4) != 0 ||
        !memmem(c138_buf_text(&jar), jar.length, wanted, sizeof(wanted) - 1))
        return c138_error(err, C138_E_INVALID, "param.invalid",
                          "jdbc_driver: %s is no jar with PostgreSQL's driver", n->jdbc_driver);
    return init_text(n, "tessera/postgresql.jar", 0, &jar, err);
}

/* The database's password stands in it, as Tessera reads it from nowhere else: mode 0600. */
static c138_status config(struct init *n, struct c138_err *err) {
    C138_BUF struct c138_buf password = C138_BUF_NULL, text = C138_BUF_NULL;
    C138_FREE char *ip = init_ip(n, INIT_IP_TESSERA), *database = init_ip(n, INIT_IP_DATABASE);
    C138_FREE char *path = c138_xasprintf("%s/secrets/postgres-password", n->folder);
    c138_status status = c138_file_read(path, 1024, &password, err);
    if (status < 0)
        return status;
    (void)c138_buf_addf(
        &text,
        "{\n"
        "  \"mode\": \"orion\",\n"
        "  \"useWhiteList\": true,\n"
        "  \"disablePeerDiscovery\": true,\n"
        "  \"jdbc\": {\n"
        "    \"username\": \"tessera\",\n"
        "    \"password\": \"%s\",\n"
        "    \"url\": \"jdbc:postgresql://%s:5432/tessera\",\n"
        "    \"autoCreateTables\": false\n"
        "  },\n"
        "  \"serverConfigs\": [\n"
        "    { \"app\": \"ThirdParty\", \"enabled\": true, \"serverAddress\": \"http://%s:9080\", "
        "\"communicationType\": \"REST\" },\n"
        "    { \"app\": \"Q2T\", \"enabled\": true, \"serverAddress\": \"http://%s:9101\", "
        "\"communicationType\": \"REST\" },\n"
        "    { \"app\": \"P2P\", \"enabled\": true, \"serverAddress\": \"http://%s:9000\", "
        "\"sslConfig\": { \"tls\": \"OFF\" }, \"communicationType\": \"REST\" }\n"
        "  ],\n"
        "  \"peer\": [ { \"url\": \"http://%s:9000/\" } ],\n"
        "  \"keys\": {\n"
        "    \"passwordFile\": \"/config/passwords\",\n"
        "    \"keyData\": [ { \"privateKeyPath\": \"/config/tm.key\", \"publicKeyPath\": "
        "\"/config/tm.pub\" } ]\n"
        "  },\n"
        "  \"alwaysSendTo\": [],\n"
        "  \"features\": { \"enableRemoteKeyValidation\": true, \"enablePrivacyEnhancements\": "
        "false }\n"
        "}\n",
        c138_buf_text(&password), database, ip, ip, ip, ip);
    status = init_text(n, "tessera/config.json", 1, &text, err);
    c138_wipe(password.data, password.length);
    c138_wipe(text.data, text.length);
    return status;
}

c138_status init_tessera(struct init *n, struct c138_err *err) {
    c138_status status = keys(n, err);
    if (status >= 0)
        status = config(n, err);
    if (status >= 0)
        status = driver(n, err);
    if (status >= 0)
        status = tables(n, err);
    if (status >= 0)
        status = init_mkdir(n, "data/postgres", err);
    if (status >= 0)
        status = init_mkdir(n, "logs/tessera", err);
    return status;
}
