"""ListenHub's helpers: `/v1/files` and the upload it presigns, `/v1/speakers/list`, `/v1/user/subscription`."""

from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError
from starlette.responses import Response
from starlette.routing import Route

from simulators.door import Call, Handler, endpoint
from simulators.listenhub.speakers import speaker_items
from simulators.listenhub.wire import dialect, refusal, reply
from simulators.world.settings import Service
from simulators.world.uploads import Uploads
from simulators.world.world import World

_PREFIX: Final = "/listenhub/openapi/v1"
INVALID: Final = 29003
_MODERATION: Final = 91002
_RATE: Final = 29998
_PUBLISHED: Final = "3"
#: What the vendor's own command line uploads at most, bytes.
_LIMITS_BYTES: Final = {"audio": 20 * 2**20, "image": 10 * 2**20, "video": 50 * 2**20}
_MONTH_MS: Final = 30 * 24 * 3600 * 1000


class FileRequest(BaseModel):
    """The body of `POST /v1/files`."""

    model_config = ConfigDict(strict=True)

    fileKey: Annotated[str, StringConstraints(pattern=r"^[^/\\][^\\]{0,254}$")]  # noqa: N815 - the wire's name
    contentType: Annotated[str, StringConstraints(pattern=r"^(audio|image|video)/[\w.+-]+$")]  # noqa: N815 - the wire's name
    category: str | None = None


def routes(world: World) -> list[Route]:
    """Return the helpers' routes."""
    words = dialect(rate_code=_RATE, moderation_code=_MODERATION, invalid_code=INVALID)

    def route(path: str, handler: Handler, operation: str, method: str) -> Route:
        served = endpoint(world, handler, service=Service.LISTENHUB_ACCOUNT, operation=operation, dialect=words)
        return Route(_PREFIX + path, served, methods=[method])

    return [
        route("/files", presign, "presign", "POST"),
        route("/speakers/list", speakers, "speakers", "GET"),
        route("/user/subscription", subscription, "subscription", "GET"),
    ]


async def presign(call: Call) -> Response:
    """Return where a file may be put, and where it will be found."""
    try:
        request = FileRequest.model_validate(call.body)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        raise refusal(400, INVALID, f"Invalid parameters: {first['loc'][0]}: {first['msg']}") from error
    limit_bytes = _LIMITS_BYTES[request.contentType.partition("/")[0]]
    path, query = await Uploads(call.world).presign(
        user=call.user, name=request.fileKey, content_type=request.contentType, limit_bytes=limit_bytes
    )
    return reply({"presignedUrl": call.url(f"{path}?{query}"), "fileUrl": call.url(path)})


async def speakers(call: Call) -> Response:
    """List the published speakers of a language, or all."""
    query = call.request.query_params
    if query.get("status", _PUBLISHED) != _PUBLISHED:
        return reply({"items": []})
    return reply({"items": speaker_items(call, query.get("language"))})


async def subscription(call: Call) -> Response:
    """Return the user's credits."""
    balance = await call.world.books.balance(call.service.vendor, call.user)
    granted = call.world.settings.grants[call.service.vendor]
    return reply(
        {
            "totalAvailableCredits": balance,
            "usageAvailableMonthlyCredits": balance,
            "usageTotalMonthlyCredits": granted,
            "usageAvailablePermanentCredits": 0,
            "usageTotalPermanentCredits": 0,
            "usageAvailableLimitedTimeCredits": 0,
            "resetAt": call.world.clock.now_ms() + _MONTH_MS,
            "paidStatus": "paid",
            "subscriptionPlan": {"name": "simulated", "duration": "monthly", "platform": "openapi"},
        }
    )
