"""What stands in the paths of tickets."""

from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Path

TicketId = Annotated[str, Path(max_length=64, examples=["tkt_01JD0000000000000000000000"])]
ConferenceId = Annotated[str, Path(max_length=64, examples=["cnf_01JD0000000000000000000000"])]
