# Tests, demo, sandbox and benchmarks.
