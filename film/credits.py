"""Credits, exactly: integers of milli-credits inside, JSON numbers without trailing noise outside.

27.5 and 47.2 credits a second have no exact binary float; 27 500 and 47 200 milli-credits do.
"""

from decimal import Decimal
from typing import NewType

#: One thousandth of a credit.
MilliCredits = NewType("MilliCredits", int)

ZERO = MilliCredits(0)
_PER_CREDIT = 1000


def milli_credits(credits_text: str | int | Decimal) -> MilliCredits:
    """Return credits given as an int, a Decimal or decimal text as milli-credits.

    Raises:
        ValueError: The amount is finer than a thousandth, or no number.
    """
    scaled = Decimal(credits_text) * _PER_CREDIT
    if scaled != scaled.to_integral_value():
        raise ValueError(f"{credits_text} is finer than a milli-credit")
    return MilliCredits(int(scaled))


def credits_number(amount_mc: int) -> int | float:
    """Return milli-credits as the JSON number of credits: 1650, 1677.5.

    Three decimals of a double round-trip exactly in text up to 2**53 / 1000 credits; json prints the shortest form.
    """
    whole, rest = divmod(amount_mc, _PER_CREDIT)
    return whole if rest == 0 else float(Decimal(amount_mc) / _PER_CREDIT)


def credits_text(amount_mc: int) -> str:
    """Return milli-credits as people read them: `1650`, `1677.5`."""
    return str(credits_number(amount_mc))
