dist_doc_DATA = README.md docs/guide.md docs/operations.md docs/plugin-guide.md docs/testing.md docs/threat-model.md docs/besu.md docs/audit-rules.md docs/keys.md docs/gpg.md docs/chain.md docs/stack.md docs/backup.md docs/reference.md
EXTRA_DIST += LICENSE SECURITY.md HACKING.md docs/decisions
