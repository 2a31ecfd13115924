/* What the plugin can do, as data. */
#include "keys.h"

#include <base/when.h>

#define STR(n, s, ...)                                                                             \
    C138_FIELD(.name = n, .type = C138_T_STRING, .summary = s __VA_OPT__(, ) __VA_ARGS__)
#define UINT(n, s) C138_FIELD(.name = n, .type = C138_T_UINT, .summary = s)
#define YES(n, s, ...)                                                                             \
    C138_FIELD(.name = n, .type = C138_T_BOOL, .summary = s __VA_OPT__(, ) __VA_ARGS__)
#define KIND(...)                                                                                  \
    C138_FIELD(.name = "kind", .type = C138_T_ENUM,                                                \
               .choices = C138_TEXTS("account", "node", "tessera"),                                \
               .summary = "What it is the key of" __VA_OPT__(, ) __VA_ARGS__)
#define PUBLIC                                                                                     \
    C138_FIELD(.name = "address", .type = C138_T_ADDRESS,                                          \
               .summary = "Its address; a Tessera key has none"),                                  \
        STR("public_key", "Its public key: 64 bytes in hex, or Tessera's base64")
#define CREATED C138_FIELD(.name = "created", .type = C138_T_TIME, .summary = "When it came here")
#define NEW_NAME                                                                                   \
    STR("name", "The key's name; the config has a section for it",                                 \
        .flags = C138_FIELD_REQUIRED | C138_FIELD_POSITIONAL, .max_text = "63")
#define KEY_RESULT STR("name", "Its name"), KIND(), PUBLIC, CREATED
#define TOKEN STR("token", "The token that holds it")
#define PASSWORD(s)                                                                                \
    C138_FIELD(.name = "password", .type = C138_T_SECRET, .flags = C138_FIELD_SENSITIVE,           \
               .summary = s)
#define ROWS(n, s, ...)                                                                            \
    C138_FIELD(.name = n, .type = C138_T_LIST, .summary = s,                                       \
               .fields = C138_FIELDS(C138_FIELD(.name = "row", .type = C138_T_OBJECT,              \
                                                .summary = "One row",                              \
                                                .fields = C138_FIELDS(__VA_ARGS__))))
#define TEXTS(n, s, m, ms)                                                                         \
    C138_FIELD(.name = n, .type = C138_T_LIST, .summary = s, .fields = C138_FIELDS(STR(m, ms)))

static const c138_action list_action = {
    C138_SIZED(c138_action),
    .effect = C138_EFFECT_READ,
    .role = C138_ROLE_VIEWER,
    .name = "list",
    .summary = "The keys of this host",
    .example = "",
    .results = C138_FIELDS(
        ROWS("keys", "The keys", KEY_RESULT, TOKEN,
             YES("open", "It is open in the signer's memory"),
             YES("configured", "The config has a section for it"),
             UINT("rules", "Rules that say what it may sign")),
        TEXTS("troubles", "Files of the key folder that are no keys", "text", "File and reason"),
        STR("memory", "Where open keys are: memfd_secret, or locked memory")),
    .run = keys_list_run,
};

static const c138_action generate_action = {
    C138_SIZED(c138_action),
    .effect = C138_EFFECT_WRITE,
    .role = C138_ROLE_CUSTODIAN,
    .name = "generate",
    .summary = "Make a new key, sealed with the password of its section",
    .help = "The key is made in the signer and leaves it only sealed. It signs nothing until the "
            "rules of its section allow something.",
    .example = "treasury",
    .lock = "keys",
    .timeout_ns = 60 * C138_NS_PER_S,
    .params = C138_FIELDS(NEW_NAME, KIND(.default_text = "account"),
                          PASSWORD("Instead of the password of its section: \"prompt:twice\"")),
    .results = C138_FIELDS(KEY_RESULT, TOKEN),
    .run = keys_generate_run,
};

static const c138_action import_action = {
    C138_SIZED(c138_action),
    .effect = C138_EFFECT_WRITE,
    .role = C138_ROLE_CUSTODIAN,
    .name = "import",
    .summary = "Take a key from a file in the signer's inbox",
    .help =
        "The signer sees no folder but its own: lay the file into the folder inbox there, with "
        "the owner of the agent. It is read by the signer alone, overwritten and removed when the "
        "key is sealed. Formats: Ethereum keystore (version 3), a raw key as Besu writes it, a key "
        "of Tessera (locked or not), a mnemonic (BIP-39 in English, with a BIP-32 path).",
    .example = "treasury --file old-wallet.json --file-password cred:old-wallet",
    .lock = "keys",
    .timeout_ns = 120 * C138_NS_PER_S,
    .params = C138_FIELDS(
        NEW_NAME, KIND(.default_text = "account"),
        STR("file", "Name of the file in the inbox", .flags = C138_FIELD_REQUIRED,
            .max_text = "255"),
        C138_FIELD(.name = "format", .type = C138_T_ENUM, .default_text = "auto",
                   .choices = C138_TEXTS("auto", "keystore", "raw", "tessera", "mnemonic"),
                   .summary = "What the file holds"),
        C138_FIELD(.name = "file_password", .type = C138_T_SECRET, .flags = C138_FIELD_SENSITIVE,
                   .summary = "What the file is sealed with"),
        STR("path", "Path of the key below a mnemonic", .default_text = "m/44'/60'/0'/0/0",
            .max_text = "255"),
        PASSWORD("Instead of the password of its section")),
    .results = C138_FIELDS(KEY_RESULT),
    .run = keys_import_run,
};

static const c138_action unlock_action = {
    C138_SIZED(c138_action),
    .effect = C138_EFFECT_WRITE,
    .role = C138_ROLE_OPERATOR,
    .flags = C138_ACTION_IDEMPOTENT,
    .name = "unlock",
    .summary = "Open a key, until it is locked or the signer starts again",
    .help = "Keys open by themselves when they are used first, with the password of their section. "
            "One whose section says password = \"prompt\" waits for this.",
    .example = "treasury --password prompt",
    .lock = "keys",
    .timeout_ns = 60 * C138_NS_PER_S,
    .params =
        C138_FIELDS(STR("name", "Which one", .flags = C138_FIELD_REQUIRED | C138_FIELD_POSITIONAL,
                        .complete = "keys.list#name", .max_text = "63"),
                    PASSWORD("Its password, \"prompt\"; without it that of its section")),
    .results = C138_FIELDS(KEY_RESULT, TOKEN),
    .run = keys_unlock_run,
};

static const c138_action lock_action = {
    C138_SIZED(c138_action),
    .effect = C138_EFFECT_WRITE,
    .role = C138_ROLE_OPERATOR,
    .flags = C138_ACTION_IDEMPOTENT,
    .name = "lock",
    .summary = "Wipe open keys from the signer's memory",
    .example = "",
    .params = C138_FIELDS(STR("name", "Only this one", .flags = C138_FIELD_POSITIONAL,
                              .complete = "keys.list#name", .max_text = "63")),
    .results = C138_FIELDS(UINT("bytes_held", "What the signer's secret memory still holds")),
    .run = keys_lock_run,
};

static const c138_action policy_action = {
    C138_SIZED(c138_action),
    .effect = C138_EFFECT_READ,
    .role = C138_ROLE_VIEWER,
    .name = "policy",
    .summary = "What each key may sign, and how much of it is used",
    .example = "",
    .params = C138_FIELDS(STR("key", "Only this one", .flags = C138_FIELD_POSITIONAL,
                              .complete = "keys.list#name", .max_text = "63")),
    .results = C138_FIELDS(ROWS(
        "rules", "The rules", STR("key", "Key"), STR("rule", "Name of the rule"),
        UINT("chain_id", "Chain"), TEXTS("to", "Addresses", "address", "An address, or *"),
        TEXTS("calls", "Selectors", "call", "A selector, \"\" or *"),
        YES("creates", "It may make contracts"),
        C138_FIELD(.name = "max_value", .type = C138_T_WEI, .unit = "wei",
                   .summary = "The most that one transaction may carry"),
        C138_FIELD(.name = "max_gas_price", .type = C138_T_WEI, .unit = "wei",
                   .summary = "The most for a unit of gas"),
        UINT("max_gas", "The highest gas limit"), UINT("per_hour", "Signatures in any 60 minutes"),
        UINT("used", "Signatures in the last 60 minutes"), YES("now", "Its window is open"))),
    .run = keys_policy_run,
};

static const c138_action sign_action = {
    C138_SIZED(c138_action),
    .effect = C138_EFFECT_CHAIN,
    .role = C138_ROLE_OPERATOR,
    .flags = C138_ACTION_IDEMPOTENT,
    .name = "sign",
    .summary = "Sign transactions that the key's rules allow",
    .help = "The signer reads each transaction itself and checks it against the rules of the key's "
            "section, whoever asks. What was signed is written down before a signature leaves. "
            "The same bytes give the same signature, and count once. Of several, all are signed or "
            "none.",
    .example = "treasury --transactions 0xea80...808080",
    .timeout_ns = 60 * C138_NS_PER_S,
    .params = C138_FIELDS(
        STR("key", "Name of the key", .flags = C138_FIELD_REQUIRED | C138_FIELD_POSITIONAL,
            .complete = "keys.list#name", .max_text = "63"),
        C138_FIELD(.name = "transactions", .type = C138_T_LIST, .flags = C138_FIELD_REQUIRED,
                   .min_text = "1", .max_text = "256",
                   .summary = "Unsigned transactions, encoded (types 0, 1 and 2)",
                   .fields = C138_FIELDS(
                       C138_FIELD(.name = "transaction", .type = C138_T_BYTES, .summary = "One")))),
    .results = C138_FIELDS(
        ROWS("signed", "The same in order, signed",
             C138_FIELD(.name = "raw", .type = C138_T_BYTES, .summary = "The signed transaction"),
             C138_FIELD(.name = "hash", .type = C138_T_HASH32, .summary = "Its hash"),
             C138_FIELD(.name = "from", .type = C138_T_ADDRESS, .summary = "Who signed"),
             STR("rule", "The rule that allowed it"),
             YES("repeated", "These bytes were signed before, in the last day"))),
    .run = keys_sign_run,
};

#define NAMES(s)                                                                                   \
    C138_FIELD(.name = "keys", .type = C138_T_LIST, .max_text = "256", .summary = s,               \
               .flags = C138_FIELD_POSITIONAL,                                                     \
               .fields = C138_FIELDS(STR("name", "A key", .max_text = "63")))

static const c138_action backup_action = {
    C138_SIZED(c138_action),
    .effect = C138_EFFECT_WRITE,
    .role = C138_ROLE_CUSTODIAN,
    .name = "backup",
    .summary = "Write keys into a file that only the recipients of the config can open",
    .help =
        "The keys are sealed with a new random password, and that is encrypted by GnuPG (the gpg "
        "plugin) for the recipients: each can open it alone, or, with --shares T, each gets a "
        "share "
        "(SLIP-39) and T of them are needed. The file is opened again before this succeeds, and "
        "each message is looked at for its recipients. Opening it needs gpg and any program that "
        "reads Ethereum keystores, not this agent.",
    .example = "",
    .lock = "keys",
    .timeout_ns = 600 * C138_NS_PER_S,
    .params = C138_FIELDS(
        NAMES("These keys; without it all"),
        C138_FIELD(.name = "shares", .type = C138_T_UINT, .default_text = "0", .max_text = "16",
                   .summary = "So many recipients are needed together; 0: each alone")),
    .results = C138_FIELDS(STR("id", "Of the backup"),
                           C138_FIELD(.name = "path", .type = C138_T_PATH, .summary = "The file"),
                           STR("sha256", "Of the file"),
                           UINT("threshold", "Recipients that are needed together; 0: one"),
                           TEXTS("keys", "What is in it", "name", "A key"),
                           TEXTS("recipients", "Who can open it", "fingerprint", "An OpenPGP key")),
    .run = keys_backup_run,
};

static const c138_action restore_action = {
    C138_SIZED(c138_action),
    .effect = C138_EFFECT_WRITE,
    .role = C138_ROLE_CUSTODIAN,
    .flags = C138_ACTION_IDEMPOTENT,
    .name = "restore",
    .summary = "Take keys from a backup in the signer's inbox",
    .help =
        "The backup's password is what `gpg --decrypt` of its message shows a recipient; or lay a "
        "file with the shares, one a line, into the inbox. Keys that are here already stay as "
        "they are; each other one is sealed with the password of its section.",
    .example = "--file backup.json --file-password prompt",
    .lock = "keys",
    .timeout_ns = 600 * C138_NS_PER_S,
    .params = C138_FIELDS(
        NAMES("These keys; without it all"),
        STR("file", "Name of the backup in the inbox", .flags = C138_FIELD_REQUIRED,
            .max_text = "255"),
        C138_FIELD(.name = "file_password", .type = C138_T_SECRET, .flags = C138_FIELD_SENSITIVE,
                   .summary = "The backup's password"),
        STR("shares", "Name of a file in the inbox with its shares, which is taken away",
            .max_text = "255"),
        PASSWORD("Instead of the passwords of the keys' sections")),
    .results = C138_FIELDS(ROWS("keys", "The keys of the backup", KEY_RESULT,
                                C138_FIELD(.name = "state", .type = C138_T_ENUM,
                                           .choices = C138_TEXTS("restored", "there"),
                                           .summary = "Whether it was here already"))),
    .run = keys_restore_run,
};

#define ANY_OBJECT(n, s) C138_FIELD(.name = n, .type = C138_T_OBJECT, .summary = s)
#define ROLE(...)                                                                                  \
    C138_FIELD(.name = "role", .type = C138_T_HASH32,                                              \
               .summary = "The role" __VA_OPT__(, ) __VA_ARGS__)
#define CONTRACT                                                                                   \
    C138_FIELD(.name = "contract", .type = C138_T_ADDRESS, .summary = "Where the role is held")
#define WHAT(...)                                                                                  \
    C138_FIELD(.name = "what", .type = C138_T_ENUM,                                                \
               .choices = C138_TEXTS("role", "validator", "tessera"),                              \
               .summary = "What the key is rotated as" __VA_OPT__(, ) __VA_ARGS__)

static const c138_action rotate_action = {
    C138_SIZED(c138_action),
    .effect = C138_EFFECT_DANGEROUS,
    .role = C138_ROLE_CUSTODIAN,
    .flags = C138_ACTION_IDEMPOTENT | C138_ACTION_DRY_RUN | C138_ACTION_LONG,
    .name = "rotate",
    .summary = "Put a new key into an old one's place, step by step, and prove it",
    .help =
        "role: at a contract with AccessControl the role is granted to the new account, a call "
        "that "
        "only its holders may make is simulated as the new account, and the role is revoked from "
        "the old one. validator: the new one is voted in, seen to propose, and the old one voted "
        "out; no step is taken that the quorum could not bear. tessera: a fragment of Tessera's "
        "config with the new key and all old ones is written to the outbox. Keys are never "
        "destroyed. Make the new key first (generate). A run that was killed goes on by itself; "
        "one "
        "that stopped goes on when the same is asked for again, and goes back with --back.",
    .example = "treasury --to treasury-2 --what role --contract "
               "0x00000000000000000000000000000000000000A1 --probe \"pause()\" --dry-run",
    .lock = "rotate",
    .timeout_ns = 7200 * C138_NS_PER_S,
    .params = C138_FIELDS(
        STR("key", "The old key; for a validator also its address",
            .flags = C138_FIELD_REQUIRED | C138_FIELD_POSITIONAL, .complete = "keys.list#name",
            .max_text = "63"),
        STR("to", "The new key; for a validator also its address", .flags = C138_FIELD_REQUIRED,
            .complete = "keys.list#name", .max_text = "63"),
        WHAT(.flags = C138_FIELD_REQUIRED), CONTRACT,
        ROLE(.default_text = "0x0000000000000000000000000000000000000000000000000000000000000000"),
        STR("admin", "The key that grants, if neither the old nor the new one may",
            .complete = "keys.list#name", .max_text = "63"),
        STR("probe", "A function that only holders of the role may call, \"pause()\"; simulated",
            .max_text = "4096"),
        TEXTS("probe_args", "Its arguments", "arg", "An argument"),
        YES("unseen", "validator: the new one runs and is in sync, though no watched node sees it",
            .default_text = "false"),
        YES("back", "Go back: the old key gets its place again", .default_text = "false"),
        C138_FIELD(.name = "wait", .type = C138_T_DURATION, .default_text = "10m", .min_text = "1s",
                   .max_text = "1h", .summary = "How long the network may take for each step")),
    .results = C138_FIELDS(
        STR("id", "Of the rotation"), YES("back", "It goes back"), STR("from", "The key that goes"),
        STR("into", "The key that comes"),
        C138_FIELD(.name = "from_address", .type = C138_T_ADDRESS, .summary = "Its address"),
        C138_FIELD(.name = "into_address", .type = C138_T_ADDRESS, .summary = "Its address"),
        C138_FIELD(.name = "block", .type = C138_T_UINT,
                   .summary = "validator: the head when this was planned; only what the new one "
                              "proposes after it counts"),
        ROWS("steps", "What is done, in order", STR("name", "The step"), STR("does", "In words"),
             STR("action", "The action that it calls"),
             ANY_OBJECT("params", "With these parameters")),
        ROWS("calls", "What is approved with the plan", STR("action", "Action"),
             ANY_OBJECT("params", "Parameters"), ANY_OBJECT("plan", "Its plan"))),
    .run = keys_rotate_run,
};

static const c138_action rotations_action = {
    C138_SIZED(c138_action),
    .effect = C138_EFFECT_READ,
    .role = C138_ROLE_VIEWER,
    .name = "rotations",
    .summary = "Rotations, and where those stand that are not at their end",
    .example = "",
    .results = C138_FIELDS(
        ROWS("rotations", "Oldest first", STR("id", "Its id"), WHAT(), STR("key", "The old key"),
             STR("to", "The new key"), CONTRACT, ROLE(), YES("back", "It goes back"),
             STR("state", "running, stopped, done"), STR("step", "Where it stands"),
             C138_FIELD(.name = "started", .type = C138_T_TIME, .summary = "When it began"),
             C138_FIELD(.name = "changed", .type = C138_T_TIME, .summary = "When it came there"),
             STR("text", "Why it stopped"))),
    .run = keys_rotations_run,
};

const c138_action *const keys_actions[] = {&list_action,   &generate_action,  &import_action,
                                           &unlock_action, &lock_action,      &policy_action,
                                           &sign_action,   &backup_action,    &restore_action,
                                           &rotate_action, &rotations_action, NULL};
