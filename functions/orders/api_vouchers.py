"""Vouchers: an organiser's to make and change, anybody's to ask about who has the code."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any

from aws_lambda_powertools.event_handler import Depends, Response
from aws_lambda_powertools.event_handler.openapi.params import Path
from pydantic import AfterValidator, AwareDatetime, Field

from functions.orders import use_cases_vouchers
from functions.orders.cache import recent_offers
from functions.orders.dynamo_vouchers import DynamoVouchers
from functions.orders.edge import ClockDep, Id, PathId, resource
from functions.orders.stock import Stocked
from functions.orders.use_cases_stock import Offers
from functions.orders.use_cases_vouchers import CodeCheck, Terms, Vouchers
from functions.orders.vouchers import Kind, Voucher
from shared.fields import ONE_LINE
from shared.http import PUBLIC, Body, CallerDep, CommandDep, Cursor, IfMatch, Limit, Page, versioned

_MANY = "/orders/conferences/<conference_id>/vouchers"
_ONE = f"{_MANY}/<voucher_id>"

router = resource()

# Letters and digits, and hyphens between them: nothing that a spreadsheet takes for a formula, and long enough not to be guessed.
CODE = r"^[A-Za-z0-9]+(-[A-Za-z0-9]+)*$"
Code = Annotated[
    str,
    Field(min_length=6, max_length=40, pattern=CODE, description="Capitals and small letters are the same"),
    AfterValidator(str.upper),
]
PathCode = Annotated[str, Path(max_length=40, pattern=CODE)]


def _utc(instant: datetime) -> datetime:
    if not 2000 <= instant.year <= 2100:
        raise ValueError("the year must be from 2000 to 2100")
    return instant.astimezone(UTC)


Instant = Annotated[AwareDatetime, AfterValidator(_utc)]
Value = Annotated[int, Field(ge=0, le=10**12, strict=True, description="Percent, or minor units for fixed; else 0")]
TypeIds = Annotated[tuple[Id, ...], Field(max_length=50, description="What it is for; none: every ticket type that is not hidden")]
Count = Annotated[int, Field(ge=1, le=100_000, strict=True, description="Tickets")]
Flag = Annotated[bool, Field(strict=True, description="Whether it sells the hidden ones among those that it names")]
Note = Annotated[str, Field(max_length=200, pattern=f"^$|{ONE_LINE}")]

ABSENT: Any = Field(default_factory=lambda: None)  # stands for a member that the body does not have


class AddVoucher(Body):
    code: Code
    kind: Kind
    value: Value = 0
    ticket_type_ids: TypeIds = ()
    unlocks_hidden: Flag = False
    max_uses: Count | None = None
    max_per_person: Count | None = None
    valid_from: Instant | None = None
    valid_until: Instant | None = None
    note: Note = ""


class ChangeVoucher(Body):
    kind: Kind = ABSENT
    value: Value = ABSENT
    ticket_type_ids: TypeIds = ABSENT
    unlocks_hidden: Flag = ABSENT
    max_uses: Count | None = ABSENT
    max_per_person: Count | None = ABSENT
    valid_from: Instant | None = ABSENT
    valid_until: Instant | None = ABSENT
    note: Note = ABSENT


@dataclass(frozen=True, slots=True)
class VoucherView:
    id: str
    code: str
    kind: Kind
    value: int
    ticket_type_ids: list[str]
    unlocks_hidden: bool
    max_uses: int | None
    uses_left: int | None
    max_per_person: int | None
    valid_from: datetime | None
    valid_until: datetime | None
    note: str

    @classmethod
    def of(cls, stocked: Stocked[Voucher]) -> "VoucherView":
        voucher = stocked.owner
        return cls(
            id=voucher.id,
            code=voucher.code,
            kind=voucher.kind,
            value=voucher.value,
            ticket_type_ids=list(voucher.ticket_type_ids),
            unlocks_hidden=voucher.unlocks_hidden,
            max_uses=voucher.max_uses,
            uses_left=None if voucher.max_uses is None else stocked.available,
            max_per_person=voucher.max_per_person,
            valid_from=voucher.valid_from,
            valid_until=voucher.valid_until,
            note=voucher.note,
        )


VouchersDep = Annotated[Vouchers, Depends(DynamoVouchers)]
OffersDep = Annotated[Offers, Depends(recent_offers)]


def _shown(stocked: Stocked[Voucher], status: int = 200) -> Response[VoucherView]:
    return versioned(VoucherView.of(stocked), stocked.owner.revision, status)


@router.post(_MANY, status_code=201, summary="Add a voucher", tags=["orders"])
def post_voucher(
    conference_id: PathId, body: AddVoucher, caller: CallerDep, command: CommandDep, vouchers: VouchersDep
) -> Response[VoucherView]:
    terms = Terms(**body.model_dump())
    added = use_cases_vouchers.add_voucher(
        vouchers, caller=caller, conference_id=conference_id, terms=terms, fingerprint=command.fingerprint
    )
    return _shown(added, 201)


@router.get(_MANY, summary="List vouchers", tags=["orders"])
def get_vouchers(
    conference_id: PathId, caller: CallerDep, vouchers: VouchersDep, limit: Limit = 50, cursor: Cursor = None
) -> Page[VoucherView]:
    found, following = use_cases_vouchers.list_vouchers(
        vouchers, caller=caller, conference_id=conference_id, limit=limit, cursor=cursor
    )
    return Page([VoucherView.of(each) for each in found], following)


@router.get(_ONE, summary="Show a voucher and how many uses are left", tags=["orders"])
def get_voucher(conference_id: PathId, voucher_id: PathId, caller: CallerDep, vouchers: VouchersDep) -> Response[VoucherView]:
    return _shown(use_cases_vouchers.get_voucher(vouchers, caller=caller, conference_id=conference_id, voucher_id=voucher_id))


@router.patch(_ONE, summary="Change a voucher, all but its code", tags=["orders"])
def patch_voucher(
    conference_id: PathId,
    voucher_id: PathId,
    body: ChangeVoucher,
    caller: CallerDep,
    vouchers: VouchersDep,
    if_match: IfMatch = None,
) -> Response[VoucherView]:
    changed = use_cases_vouchers.change_voucher(
        vouchers,
        caller=caller,
        conference_id=conference_id,
        voucher_id=voucher_id,
        changes=body.model_dump(exclude_unset=True),
        if_match=if_match,
    )
    return _shown(changed)


@router.delete(_ONE, status_code=204, summary="Delete a voucher; orders that have it keep it", tags=["orders"])
def delete_voucher(
    conference_id: PathId, voucher_id: PathId, caller: CallerDep, vouchers: VouchersDep, if_match: IfMatch = None
) -> Response[None]:
    use_cases_vouchers.remove_voucher(
        vouchers, caller=caller, conference_id=conference_id, voucher_id=voucher_id, if_match=if_match
    )
    return Response(204)


@router.get(
    "/orders/availability/<conference_id>/vouchers/<code>", summary="What a voucher's code gives", tags=["orders"], security=PUBLIC
)
def get_code(conference_id: PathId, code: PathCode, vouchers: VouchersDep, offers: OffersDep, clock: ClockDep) -> CodeCheck:
    return use_cases_vouchers.check_code(vouchers, offers, clock, conference_id=conference_id, code=code)
