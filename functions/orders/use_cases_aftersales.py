"""What is done about an order after the sale: another attendee is named, its e-mail is sent again."""

from functions.orders import announcements
from functions.orders.domain import Order
from functions.orders.lines import Attendee
from functions.orders.settling import Step, settle
from functions.orders.use_cases import Orders
from shared.caller import Caller, Role
from shared.clock import Clock
from shared.errors import NotFound


def name_attendee(orders: Orders, clock: Clock, *, caller: Caller, order_id: str, number: int, attendee: Attendee) -> Order:
    """Name who a ticket is for: by the buyer or an organiser. The same name again changes nothing.

    Raises NotFound, TicketEnded, TooManyChanges, Busy.
    """
    order = _order_for(orders, order_id, caller, "organizer")

    def decide(now: Order) -> Step:
        renamed = now.naming(number, attendee, by=caller.user_id, at=clock())
        return None if renamed is now else (renamed, announcements.attendee_changed(renamed, number))

    return settle(orders, order, decide)


def mail_again(orders: Orders, clock: Clock, *, caller: Caller, order_id: str, command_id: str) -> Order:
    """Have the order's e-mail sent to its buyer again, once a command: by the buyer, an organiser or staff.

    Raises NotFound, NotPaid, TooManyChanges, Busy.
    """
    order = _order_for(orders, order_id, caller, "organizer", "staff")

    def decide(now: Order) -> Step:
        asked = now.mailed_again(command_id, by=caller.user_id, at=clock())
        return None if asked is now else (asked, announcements.mail_requested(asked, command_id))

    return settle(orders, order, decide)


def _order_for(orders: Orders, order_id: str, caller: Caller, *roles: Role) -> Order:
    order = orders.find(order_id)
    if order and (order.buyer_id == caller.user_id or caller.is_any(order.conference_id, *roles)):
        return order
    raise NotFound(f"You have no order {order_id}, and organise none. GET /orders lists yours.")
