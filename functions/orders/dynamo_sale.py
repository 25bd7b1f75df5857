"""What applies to all orders of a conference: how it is paid, and what buyers may return."""

from functions.orders.items import SaleItem, sale_key
from functions.orders.refunding import RefundPolicy
from shared.clock import iso, parse
from shared.table import Item


class DynamoSale:
    def refund_policy(self, conference_id: str) -> RefundPolicy:
        item = _find(conference_id)
        if item is None:
            return RefundPolicy()
        until = parse(item.refund_until) if item.refund_until else None
        return RefundPolicy(until, int(item.refund_fee_percent or 0), int(item.refund_fee or 0))

    def keep_refund_policy(self, conference_id: str, policy: RefundPolicy) -> None:
        SaleItem(*sale_key(conference_id)).update(
            actions=[
                SaleItem.kind.set(SaleItem),
                SaleItem.v.set(1),
                SaleItem.refund_until.set(iso(policy.until)) if policy.until else SaleItem.refund_until.remove(),
                SaleItem.refund_fee_percent.set(policy.fee_percent),
                SaleItem.refund_fee.set(policy.fee),
            ]
        )

    def stripe_key(self, conference_id: str) -> str | None:
        item = _find(conference_id)
        return item.stripe_key if item else None

    def keep_stripe_key(self, conference_id: str, publishable: str | None) -> None:
        SaleItem(*sale_key(conference_id)).update(
            actions=[
                SaleItem.kind.set(SaleItem),
                SaleItem.v.set(1),
                SaleItem.stripe_key.set(publishable) if publishable else SaleItem.stripe_key.remove(),
            ]
        )


def _find(conference_id: str) -> SaleItem | None:
    try:
        item = Item.get(*sale_key(conference_id))
    except Item.DoesNotExist:
        return None
    return item if isinstance(item, SaleItem) else None
