"""What a ListenHub video costs. One example is documented (fast, 720p, 5 s: 155520 tokens, 12 credits).

[assumption] The rest is ours: tokens grow with the pixels of the picture and with the seconds of output and of
reference video; a model's credits a token are the example's for the fast model, more for the others.
"""

import math
from fractions import Fraction
from typing import Final

from simulators.listenhub.video_rules import FAST, HAPPYHORSE, PRO

_TOKENS_PER_S: Final = {"480p": 14464, "720p": 31104, "1080p": 69984}
_CREDITS_PER_TOKEN: Final = {
    FAST: Fraction(12, 155520),
    PRO: Fraction(20, 155520),
    HAPPYHORSE: Fraction(15, 155520),
}


def tokens_of(*, resolution: str, duration_s: float, input_duration_s: float = 0) -> int:
    """Return the tokens of `duration_s` seconds of output and `input_duration_s` of reference video."""
    return math.ceil(_TOKENS_PER_S[resolution] * (duration_s + input_duration_s))


def credits_of(*, model: str, tokens: int) -> int:
    """Return the whole credits `tokens` cost with `model`."""
    return math.ceil(tokens * _CREDITS_PER_TOKEN[model])
