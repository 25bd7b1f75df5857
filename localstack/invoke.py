"""`make invoke`: run one function of the running stack with an event from a file."""

import argparse
import os
import sys
from pathlib import Path

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
        invoke(arguments.port, arguments.function, arguments.event)
    except Failure as failure:
        sys.exit(str(failure))


def invoke(port: int, function: str, event: Path) -> None:
    """Becomes `sam remote invoke`. Raises Failure."""
    if not function or not event.is_file():
        raise Failure(
            "Say which function and which event: make invoke FUNCTION=OrdersApi EVENT=events/orders/place-order.json\n"
            "The functions are in template.yaml, the events in events/."
        )
    stack = ready_stack(port)
    endpoint = Endpoint(stack["endpoint_url"], stack["region"])
    command = ["sam", "remote", "invoke", function, "--stack-name", STACK, "--event-file", str(event)]
    os.execvpe(command[0], command, endpoint.settings)  # noqa: S606  # no shell is wanted


if __name__ == "__main__":
    main()
