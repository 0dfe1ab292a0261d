"""SenseAudio's bare JSON: no envelope, and errors of `{code, message, ref_code}` in which only `ref_code` is stable."""

import math
from typing import Any, Final

from simulators.door import Dialect
from simulators.world.errors import Refusal

INVALID: Final = 400000
CONCURRENT: Final = 400015
NO_BALANCE: Final = 400001
TOO_FREQUENT: Final = 429000
BUSY: Final = 500000
NOT_FOUND: Final = 404000


def refusal(status: int, ref_code: int, message: str, *, retry_after_s: float | None = None) -> Refusal:
    """Return an error; its `code` is prose, as live clients report."""
    headers = {} if retry_after_s is None else {"Retry-After": str(max(1, math.ceil(retry_after_s)))}
    return Refusal(status, {"code": message, "message": message, "ref_code": ref_code, "ref_scope": "video"}, headers)


def _unauthorized() -> Refusal:
    body: dict[str, Any] = {"code": "authentication_error", "message": "invalid api key"}
    return Refusal(401, body)


DIALECT: Final = Dialect(
    unauthorized=_unauthorized,
    malformed=lambda reason: refusal(400, INVALID, f"参数错误: {reason}"),
    rate_limited=lambda wait_s: refusal(429, TOO_FREQUENT, "请求过于频繁", retry_after_s=wait_s),
    moderated=lambda: refusal(400, INVALID, "内容违规"),
    broken=lambda status, code: refusal(status, code or BUSY, "系统繁忙"),
)
