"""The routes of how a conference is paid, what buyers may return, and what was mended; and the door for Stripe's webhooks."""

from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated

from aws_lambda_powertools.event_handler import Depends, Response
from aws_lambda_powertools.event_handler.openapi.params import Header
from pydantic import AwareDatetime, Field

from functions.orders import webhooks
from functions.orders.domain import Order
from functions.orders.dynamo import DynamoOrders
from functions.orders.dynamo_sale import DynamoSale
from functions.orders.dynamo_work import DynamoWorkList
from functions.orders.edge import ClockDep, PathId, resource
from functions.orders.paying import PayableOrders
from functions.orders.payment import Payment, Refund
from functions.orders.provider import Providers
from functions.orders.providers import AllProviders, stripe
from functions.orders.reconciling import Mended, WorkList
from functions.orders.refunding import RefundPolicy
from functions.orders.secrets import ConferenceSecrets, Keys
from functions.orders.webhooks import Verifier
from shared.http import PUBLIC, Body, CallerDep, Cursor, Limit, Page, RawBody

router = resource()


def stripe_verifier() -> Callable[[], Verifier]:
    return stripe


SaleDep = Annotated[DynamoSale, Depends(DynamoSale)]
SecretsDep = Annotated[ConferenceSecrets, Depends(ConferenceSecrets)]
WorkListDep = Annotated[WorkList, Depends(DynamoWorkList)]
OrdersDep = Annotated[PayableOrders, Depends(DynamoOrders)]
ProvidersDep = Annotated[Providers, Depends(AllProviders)]
VerifierDep = Annotated[Callable[[], Verifier], Depends(stripe_verifier)]


class RefundPolicyIn(Body):
    until: Annotated[AwareDatetime | None, Field(description="Until when buyers may return tickets; null: not at all")] = None
    fee_percent: Annotated[int, Field(ge=0, le=100, strict=True)] = 0
    fee: Annotated[int, Field(ge=0, le=10**9, strict=True, description="Minor units a ticket, beside the percentage")] = 0

    def policy(self) -> RefundPolicy:
        return RefundPolicy(self.until, self.fee_percent, self.fee)


class StripeIn(Body):
    """The secret ones are written and never read again."""

    publishable_key: Annotated[str, Field(pattern=r"^pk_[A-Za-z0-9_]{1,250}$")]
    secret_key: Annotated[str, Field(pattern=r"^(sk|rk)_[A-Za-z0-9_]{1,250}$", repr=False)]
    webhook_secret: Annotated[str, Field(pattern=r"^whsec_[A-Za-z0-9_+/=]{1,250}$", repr=False)]


@dataclass(frozen=True, slots=True)
class StripeView:
    """`publishable_key` is for the page on which buyers confirm; null: the conference is not paid by Stripe."""

    publishable_key: str | None


@router.get("/orders/conferences/<conference_id>/refund-policy", summary="What buyers may return by themselves", tags=["orders"])
def get_refund_policy(conference_id: PathId, sale: SaleDep) -> RefundPolicy:
    return sale.refund_policy(conference_id)


@router.put(
    "/orders/conferences/<conference_id>/refund-policy", summary="Say what buyers may return by themselves", tags=["orders"]
)
def put_refund_policy(conference_id: PathId, body: RefundPolicyIn, caller: CallerDep, sale: SaleDep) -> RefundPolicy:
    caller.require(conference_id, "organizer")
    sale.keep_refund_policy(conference_id, body.policy())
    return body.policy()


@router.get("/orders/conferences/<conference_id>/stripe", summary="Whether a conference is paid by Stripe", tags=["orders"])
def get_stripe(conference_id: PathId, sale: SaleDep) -> StripeView:
    return StripeView(sale.stripe_key(conference_id))


@router.put("/orders/conferences/<conference_id>/stripe", summary="Have a conference paid by Stripe from now on", tags=["orders"])
def put_stripe(conference_id: PathId, body: StripeIn, caller: CallerDep, sale: SaleDep, secrets: SecretsDep) -> StripeView:
    caller.require(conference_id, "organizer")
    secrets.keep(conference_id, Keys(body.secret_key, body.webhook_secret))
    sale.keep_stripe_key(conference_id, body.publishable_key)
    return StripeView(body.publishable_key)


@router.get(
    "/orders/conferences/<conference_id>/mended",
    summary="What was half done of payments and refunds, and was mended, newest first",
    tags=["orders"],
)
def get_mended(
    conference_id: PathId, caller: CallerDep, work_list: WorkListDep, limit: Limit = 50, cursor: Cursor = None
) -> Page[Mended]:
    caller.require(conference_id, "organizer")
    items, following = work_list.reported(conference_id, limit, cursor)
    return Page(items, following)


@router.post("/orders/webhooks/stripe", status_code=204, summary="What Stripe tells", tags=["orders"], security=PUBLIC)
def post_stripe_webhook(
    raw: RawBody,
    orders: OrdersDep,
    providers: ProvidersDep,
    sale: SaleDep,
    verifier: VerifierDep,
    clock: ClockDep,
    signature: Annotated[str, Header(alias="Stripe-Signature", max_length=2048)] = "",
) -> Response[None]:
    webhooks.hear(orders, providers, sale, _Late(verifier), clock, body=raw, signature=signature)
    return Response(HTTPStatus.NO_CONTENT)


class _Late:
    """Asks for the verifier when there is something to verify: making it imports Stripe's library."""

    def __init__(self, verifier: Callable[[], Verifier]) -> None:
        self._verifier = verifier

    def verified(self, conference_id: str, body: bytes, signature: str) -> None:
        self._verifier().verified(conference_id, body, signature)

    def failure(self, order: Order, payment: Payment, refund: Refund) -> str:
        return self._verifier().failure(order, payment, refund)
