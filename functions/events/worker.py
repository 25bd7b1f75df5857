"""What the events context does on hearing of things."""

from functions.events.dynamo import DynamoConferences
from functions.events.dynamo_sales import DynamoSales
from functions.events.dynamo_stars import DynamoPost, DynamoStars
from functions.events.privacy import RULES, take_out_of_agendas
from functions.events.use_cases_stars import tell_of_changes
from shared.messages import AgendaReleased, MemberInvited, TicketCancelled, TicketIssued, TicketTransferred
from shared.personal import about_people
from shared.table import Outbox
from shared.telemetry import count
from shared.worker import Worker


def on_agenda_released(message: AgendaReleased) -> None:
    """Tell those whom it concerns."""
    told = tell_of_changes(DynamoConferences(), DynamoStars(), DynamoPost(), message)
    count("AgendaMovesTold", message.conference_id, told)


def on_ticket_issued(message: TicketIssued) -> None:
    DynamoSales().sell(message)


def on_ticket_transferred(message: TicketTransferred) -> None:
    DynamoSales().hand_on(message)


def on_ticket_cancelled(message: TicketCancelled) -> None:
    DynamoSales().give_back(message)


handler = Worker(
    {
        AgendaReleased: on_agenda_released,
        MemberInvited: Outbox.forget,  # an invitation's token is not kept in the clear once the bus has it
        TicketIssued: on_ticket_issued,
        TicketTransferred: on_ticket_transferred,
        TicketCancelled: on_ticket_cancelled,
        **about_people(RULES, before=take_out_of_agendas),
    }
)
