# The stack plugin: on a Docker engine of its own, over systemd and Kubernetes, and what stack init writes.
stack_tests = tests/integration/stack_test.py tests/integration/stack_engines.py tests/integration/stack_init_test.py
if BUILD_STACK
TESTS += $(stack_tests)
endif
EXTRA_DIST += $(stack_tests) tests/integration/docker_engine.py tests/integration/stack_net.py \
    tests/integration/systemd_double.py tests/integration/kubectl_double.py
