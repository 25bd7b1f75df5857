"""An emulator's endpoint: clients for it, and the environment that makes `sam` talk to it and to nothing else."""

import os
import sys
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import boto3
import httpx
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from localstack.emulator import REGION
from localstack.failure import Failure
from localstack.processes import inherited

ACCESS_KEY = "test"  # any will do; never a person's own


@dataclass(frozen=True)
class Endpoint:
    url: str
    region: str = REGION

    @cached_property
    def _session(self) -> Any:  # the type of a client depends on its service's name
        return boto3.Session(region_name=self.region, aws_access_key_id=ACCESS_KEY, aws_secret_access_key=ACCESS_KEY)

    def client(self, service: str) -> Any:
        config = Config(connect_timeout=3, read_timeout=60, retries={"total_max_attempts": 2}, proxies={})
        return self._session.client(service, endpoint_url=self.url, config=config)

    @property
    def settings(self) -> dict[str, str]:
        """Environment variables for `sam` and what it starts."""
        own = inherited()
        return own | {
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{own.get('PATH', '')}",
            "AWS_ENDPOINT_URL": self.url,
            "AWS_DEFAULT_REGION": self.region,
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_ACCESS_KEY_ID": ACCESS_KEY,
            "AWS_SECRET_ACCESS_KEY": ACCESS_KEY,
            "SAM_CLI_TELEMETRY": "0",
            "SAM_CLI_POLL_DELAY": "0.5",
            "SAM_CLI_ENABLE_LANGUAGE_EXTENSIONS": "1",
            "NO_PROXY": "127.0.0.1,localhost",
            "PYTHONUNBUFFERED": "1",
        }

    def check(self) -> None:
        """Raises Failure where nothing like AWS answers."""
        try:
            self.client("sts").get_caller_identity()
        except (BotoCoreError, ClientError, ValueError) as error:
            raise Failure(
                f"No emulator answers at {self.url} ({error}).\n"
                "Start one (`docker compose -f localstack/docker-compose.yml up -d`) or leave ENDPOINT out:"
                " then `make run` starts its own."
            ) from error

    @property
    def is_ministack(self) -> bool:
        """Whether functions run in the emulator's own interpreter and not in containers like Lambda's."""
        return httpx.get(f"{self.url}/_ministack/health", timeout=5, trust_env=False).is_success

    def api_url(self, api_id: str, stage: str) -> str:
        return f"{self.url}/restapis/{api_id}/{stage}/_user_request_"

    def live_url(self, api_id: str, stage: str) -> str:
        return f"{self.url.replace('http', 'ws', 1)}/_aws/execute-api/{api_id}/{stage}"
