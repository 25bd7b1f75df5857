"""Money: an integer of minor units and an ISO 4217 code. Never a float."""

from dataclasses import dataclass

# ISO 4217 minor units other than 2 (table A.1 of the standard).
_EXPONENTS = {
    "BHD": 3,
    "CLP": 0,
    "IQD": 3,
    "ISK": 0,
    "JOD": 3,
    "JPY": 0,
    "KRW": 0,
    "KWD": 3,
    "OMR": 3,
    "TND": 3,
    "UGX": 0,
    "VND": 0,
}


@dataclass(frozen=True, slots=True)
class Money:
    amount: int  # minor units: 4900 is 49.00 EUR, and 4900 JPY
    currency: str

    def __add__(self, other: "Money") -> "Money":
        if other.currency != self.currency:
            raise ValueError(f"cannot add {other.currency} to {self.currency}")
        return Money(self.amount + other.amount, self.currency)

    def __mul__(self, quantity: int) -> "Money":
        return Money(self.amount * quantity, self.currency)

    def __str__(self) -> str:
        exponent = _EXPONENTS.get(self.currency, 2)
        sign, digits = "-" if self.amount < 0 else "", str(abs(self.amount)).rjust(exponent + 1, "0")
        return f"{sign}{digits[:-exponent]}.{digits[-exponent:]} {self.currency}" if exponent else f"{self.amount} {self.currency}"
