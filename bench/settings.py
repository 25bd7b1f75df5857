"""The environment that template.yaml gives the functions, for all of them in one process: set before any of them is imported."""

import os

SETTINGS = {
    "AWS_ACCESS_KEY_ID": "bench",
    "AWS_SECRET_ACCESS_KEY": "bench",
    "AWS_DEFAULT_REGION": "eu-central-1",
    "AWS_REGION": "eu-central-1",
    "AWS_MAX_ATTEMPTS": "1",
    "API_ADDRESS": "http://127.0.0.1:9",  # where nobody answers: no key is looked up
    "API_ID": "a1b2c3",
    "API_URL": "https://api.example.org/{api}/v1",
    "BUS_NAME": "ketemu",
    "DIGEST_SECONDS": "600",
    "EXPORTS_BUCKET": "ketemu-exports",
    "KEYS_CACHED": "60",
    "LIVE_ID": "off",
    "LIVE_URL": "off",
    "MAIL_CONFIGURATION": "off",
    "MAIL_FROM": "tickets@example.org",
    "PAPERS_BUCKET": "ketemu-papers",
    "POWERTOOLS_METRICS_NAMESPACE": "Ketemu",
    "POWERTOOLS_SERVICE_NAME": "bench",
    "PUBLIC_URL": "api",
    "SIGNING_KEYS_SECRET": "signing-keys",
    "TABLE_NAME": "ketemu",
    "TICKET_SECRET": "ketemu-tickets",
    "TOKEN_AUDIENCE": "ketemu",
    "TOKEN_ISSUER": "https://ketemu.test",
}


def apply() -> None:
    os.environ.update(SETTINGS)
