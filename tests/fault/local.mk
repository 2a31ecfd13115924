include tests/fault/plugins/local.mk
