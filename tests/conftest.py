"""The environment template.yaml would give, before any handler is imported."""

import os

from hypothesis import settings

settings.register_profile("any-machine", deadline=None)  # how long an example takes says how busy the machine is
settings.load_profile("any-machine")

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
