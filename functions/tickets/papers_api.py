"""A ticket on paper, on request: a function apart, as what prints is larger than all else that tickets holds."""

from typing import Annotated

from aws_lambda_powertools.event_handler import Depends, Response

from functions.tickets import paper
from functions.tickets.dynamo_issued import DynamoIssued
from functions.tickets.paths import TicketId
from functions.tickets.use_cases import TicketsById, read_ticket
from shared.http import Api, CallerDep, answers_with, binary

app = Api()


@app.get(
    "/tickets/<ticket_id>/pdf",
    summary="Get a ticket to print: one page of A4",
    tags=["tickets"],
    responses=answers_with("The page", "application/pdf"),
)
def get_pdf(ticket_id: TicketId, tickets: Annotated[TicketsById, Depends(DynamoIssued)], caller: CallerDep) -> Response[str]:
    ticket = read_ticket(tickets, caller=caller, ticket_id=ticket_id)
    headers = {"Cache-Control": "private, no-store", "Content-Disposition": f'attachment; filename="{ticket.id}.pdf"'}
    return binary("application/pdf", paper.pdf(ticket), headers)


handler = app.entry
