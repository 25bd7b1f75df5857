"""`make invoke`: run one function of the running stack with an event from a file. A function that failed is a non-zero exit."""

import argparse
import base64
import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from localstack.deploy import STACK
from localstack.endpoint import Endpoint
from localstack.failure import Failure
from localstack.standing import DEFAULT_PORT, ready_stack


def main() -> None:
    parser = argparse.ArgumentParser(prog="make invoke", description="Run one function of the running stack.")
    parser.add_argument("--port", type=int, default=DEFAULT_PORT)
    parser.add_argument("function")
    parser.add_argument("event", type=Path)
    arguments = parser.parse_args()
    try:
        answer = invoke(arguments.port, arguments.function, arguments.event)
        print(log_of(answer), file=sys.stderr, flush=True)
        print(payload_of(arguments.function, answer))
    except Failure as failure:
        sys.exit(str(failure))


def invoke(port: int, function: str, event: Path) -> dict[str, Any]:
    """The answer of `sam remote invoke`, which succeeds where the function did not. Raises Failure where there is none."""
    if not function or not event.is_file():
        raise Failure(
            "Say which function and which event: make invoke FUNCTION=OrdersApi EVENT=events/orders/place-order.json\n"
            "The functions are in template.yaml, the events in events/."
        )
    stack = ready_stack(port)
    endpoint = Endpoint(stack["endpoint_url"], stack["region"])
    command = ["sam", "remote", "invoke", function, "--stack-name", STACK, "--event-file", str(event), "--output", "json"]
    sam = subprocess.run(command, env=endpoint.settings, stdout=subprocess.PIPE, check=False)
    if sam.returncode:
        raise Failure(f"{function} was not invoked; why is above.")
    answer: dict[str, Any] = json.loads(sam.stdout)
    return answer


def log_of(answer: Mapping[str, Any]) -> str:
    """The last lines that the function wrote."""
    return base64.b64decode(answer.get("LogResult", "")).decode(errors="replace").strip()


def payload_of(function: str, answer: Mapping[str, Any]) -> str:
    """What the function answered. Raises Failure, with its reason, where it failed."""
    payload = str(answer["Payload"])
    if "FunctionError" not in answer:
        return payload
    why = json.loads(payload)
    raise Failure(f"{function} failed: {why.get('errorMessage') or why.get('errorType') or payload}")


if __name__ == "__main__":
    main()
