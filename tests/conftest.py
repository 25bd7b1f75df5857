"""The environment template.yaml would give, before any handler is imported."""

import os

from hypothesis import settings

# How long an example takes says how busy the machine is. `make test` gives one answer for one state of the code;
# `make explore` looks for examples that nobody has seen yet.
settings.register_profile("proof", deadline=None, derandomize=True)
settings.register_profile("explore", deadline=None, max_examples=400)
settings.load_profile("proof")

os.environ.update(
    AWS_ACCESS_KEY_ID="testing",
    AWS_SECRET_ACCESS_KEY="testing",
    AWS_DEFAULT_REGION="eu-central-1",
    AWS_REGION="eu-central-1",
    BUS_NAME="ketemu",
    KEYS_CACHED="60",
    POWERTOOLS_METRICS_NAMESPACE="Ketemu",
    POWERTOOLS_SERVICE_NAME="test",
    TABLE_NAME="ketemu",
    TOKEN_AUDIENCE="ketemu",
    TOKEN_ISSUER="https://ketemu.test",
)
for leftover in ("AWS_ENDPOINT_URL", "AWS_PROFILE"):
    os.environ.pop(leftover, None)
