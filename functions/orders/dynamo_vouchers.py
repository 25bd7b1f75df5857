"""Vouchers in the context's table; their uses are kept as seats are (`dynamo_stock.py`)."""

from typing import cast

from functions.orders.dynamo_stock import find_stocked, replace_stocked, stocked_of
from functions.orders.items_stock import VOUCHERS, VoucherItem, conference_partition
from functions.orders.stock import Stocked
from functions.orders.vouchers import Voucher
from shared.table import decode_cursor, page


class DynamoVouchers:
    def find(self, conference_id: str, voucher_id: str) -> Stocked[Voucher] | None:
        found = find_stocked(conference_id, voucher_id)
        return cast("Stocked[Voucher]", found) if found and isinstance(found.owner, Voucher) else None

    def of_conference(self, conference_id: str, limit: int, cursor: str | None) -> tuple[list[Stocked[Voucher]], str | None]:
        """One Query, and the shards of the vouchers by the hundred."""
        partition = conference_partition(conference_id)
        start = decode_cursor(cursor, partition)
        found = VoucherItem.query(
            partition, VoucherItem.sk.startswith(VOUCHERS), limit=limit, page_size=limit, last_evaluated_key=start
        )
        items, following = page(found)
        return stocked_of([item.to_domain() for item in items], consistent=True), following

    def replace(self, known: Stocked[Voucher] | None, new: Stocked[Voucher]) -> None:
        replace_stocked(known, new)
