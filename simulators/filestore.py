"""How a file store answers: small XML errors, whoever the vendor is."""

from typing import Final

from starlette.responses import Response

from simulators.door import Dialect
from simulators.world.errors import Refusal


def refusal(status: int, code: str) -> Refusal:
    """Return an error of the store."""
    return Refusal(status, {"xml": f"<?xml version='1.0' encoding='UTF-8'?><Error><Code>{code}</Code></Error>"})


def response(status: int, code: str) -> Response:
    """Return an error of the store as a reply."""
    return Response(refusal(status, code).body["xml"], status_code=status, media_type="application/xml")


DIALECT: Final = Dialect(
    unauthorized=lambda: refusal(403, "AccessDenied"),
    malformed=lambda _: refusal(400, "InvalidArgument"),
    rate_limited=lambda _: refusal(429, "SlowDown"),
    moderated=lambda: refusal(403, "AccessDenied"),
    broken=lambda status, _: refusal(status, "InternalError"),
)
