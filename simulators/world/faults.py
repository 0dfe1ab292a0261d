"""Scripted faults: which call of which vendor goes wrong, and how. A JSON document, counted in the world's file."""

import json
from collections.abc import Collection
from enum import StrEnum
from typing import Final, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from simulators.world.database import Database
from simulators.world.settings import Service

_MODES = "modes"


class FaultKind(StrEnum):
    """What can go wrong. The sets below say at which moment each is looked for."""

    RATE_LIMITED = "rate_limited"
    HTTP_ERROR = "http_error"
    STALL = "stall"
    RESET = "reset"
    UNDECODABLE = "undecodable"
    HTML = "html"
    SLOW = "slow"
    MODERATION = "moderation"

    JOB_FAILED = "job_failed"
    JOB_LATE = "job_late"

    LIST_LAG = "list_lag"
    LIST_DUPLICATES = "list_duplicates"
    LIST_FOREIGN = "list_foreign"
    LIST_WITHOUT_PARAMS = "list_without_params"
    LIST_SHIFTED = "list_shifted"

    STATUS_WORD = "status_word"
    WRONG_TASK = "wrong_task"

    ASSET_TORN = "asset_torn"
    ASSET_TRUNCATED = "asset_truncated"
    ASSET_EMPTY = "asset_empty"
    ASSET_HTML = "asset_html"
    ASSET_WRONG_LENGTH = "asset_wrong_length"
    ASSET_EXPIRED = "asset_expired"

    REFUSAL = "refusal"
    TRUNCATED = "truncated"
    WRONG_SHOT_COUNT = "wrong_shot_count"
    LONG_PROMPTS = "long_prompts"
    NOT_JSON = "not_json"
    THINKING_FIRST = "thinking_first"
    BLOCK = "block"


#: Looked for when a request arrives, whatever the operation.
AT_THE_DOOR: Final = frozenset(
    {
        FaultKind.RATE_LIMITED,
        FaultKind.HTTP_ERROR,
        FaultKind.STALL,
        FaultKind.RESET,
        FaultKind.UNDECODABLE,
        FaultKind.HTML,
        FaultKind.SLOW,
        FaultKind.MODERATION,
    }
)
#: Looked for when a legal create is about to become a job (operation `create`).
AT_BIRTH: Final = frozenset({FaultKind.JOB_FAILED, FaultKind.JOB_LATE})
#: Looked for when a task is answered (operation `task`).
IN_TASK: Final = frozenset({FaultKind.STATUS_WORD, FaultKind.WRONG_TASK})
#: Looked for when a list is answered (operation `list`).
IN_LIST: Final = frozenset(kind for kind in FaultKind if kind.value.startswith("list_"))
#: Looked for when a file is served (operation `asset`).
IN_ASSET: Final = frozenset(kind for kind in FaultKind if kind.value.startswith("asset_"))
#: Looked for when Claude answers (operation `message`).
IN_MESSAGE: Final = frozenset(
    {
        FaultKind.REFUSAL,
        FaultKind.TRUNCATED,
        FaultKind.WRONG_SHOT_COUNT,
        FaultKind.LONG_PROMPTS,
        FaultKind.NOT_JSON,
        FaultKind.THINKING_FIRST,
        FaultKind.BLOCK,
    }
)

_OPERATION_OF: Final = {
    **dict.fromkeys(AT_BIRTH, "create"),
    **dict.fromkeys(IN_TASK, "task"),
    **dict.fromkeys(IN_LIST, "list"),
    **dict.fromkeys(IN_ASSET, "asset"),
    **dict.fromkeys(IN_MESSAGE, "message"),
}


class FaultRule(BaseModel):
    """One scripted fault: from the `nth` matching call on, for `times` calls (null: for ever)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    vendor: str = "*"  # a service ("listenhub-video"), a vendor ("listenhub": all its services) or "*"
    operation: str = "*"  # create, task, list, estimate, asset, upload, presign, speakers, subscription, message
    match: str = ""  # part of the prompt or text; empty matches all
    nth: int = Field(default=1, ge=1)
    times: int | None = Field(default=1, ge=1)
    fault: FaultKind
    accepted: bool = False  # door faults: the request is carried out (created, charged) and only its reply goes wrong
    retry_after_s: float | None = Field(default=None, ge=0)  # rate_limited, http_error: vendor seconds; null: no header
    status: int = Field(default=500, ge=200, le=599)  # http_error, html
    code: int | None = None  # http_error: ListenHub's code, SenseAudio's ref_code
    seconds: float | None = Field(default=None, gt=0)  # vendor seconds: stall, slow, job_late, list_lag
    refund: bool = True  # job_failed
    at: float = Field(default=0.5, ge=0, le=1)  # job_failed: the share of its time at which it fails
    moderated: bool = False  # job_failed: for its content
    message: str = ""  # job_failed, status_word: the words

    @model_validator(mode="after")
    def _operation_fits(self) -> Self:
        wanted = _OPERATION_OF.get(self.fault)
        if wanted is not None and self.operation not in {"*", wanted}:
            raise ValueError(f"{self.fault.value} belongs to the operation {wanted}, not {self.operation}")
        return self

    def meets(self, service: Service, operation: str, text: str) -> bool:
        """Tell whether a call is one this rule counts."""
        ours = self.vendor in {"*", service.value, service.vendor.value}
        return ours and self.operation in {"*", operation} and self.match in text


class Modes(BaseModel):
    """Ways of a vendor that are documented somewhere but off by default (see the rules they are named after)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    listenhub_http_200: bool = False  # the general page: every reply is HTTP 200, only `code` tells
    lh_r6_truncate: bool = False  # newer page: Seedance text beyond 500 characters is cut, not refused
    lh_r23: bool = False  # Seedance wants pixel metadata for remote images
    lv9: bool = False  # several voices and an official one
    voice_rate_code: int = 33007  # 29998 was seen live
    video_rate_code: int = 29998  # 32007 in the vendor's former design
    sa_r9: bool = False  # empty content is refused
    sa_r11: bool = False  # unreachable image URLs are refused
    senseaudio_ignores_id: bool = False  # a field report: status answers for the key's newest task


class FaultScript(BaseModel):
    """The whole document, as a file or a PUT gives it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    modes: Modes = Modes()
    rules: tuple[FaultRule, ...] = ()


class Faults:
    """The script in force and how often each of its rules was met; both survive a restart."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._rules: tuple[FaultRule, ...] = ()
        self.modes = Modes()

    async def load(self) -> None:
        """Take up what the file holds."""
        stored = await self._database.setting(_MODES)
        self.modes = Modes() if stored is None else Modes.model_validate_json(stored)
        rows = await self._database.rows("SELECT rule FROM fault ORDER BY position")
        self._rules = tuple(FaultRule.model_validate_json(row["rule"]) for row in rows)

    async def replace(self, script: FaultScript) -> None:
        """Put a new script in force, with fresh counts."""
        async with self._database.transaction() as connection:
            await connection.execute("DELETE FROM fault")
            for position, rule in enumerate(script.rules):
                await connection.execute(
                    "INSERT INTO fault (position, rule, met) VALUES (?, ?, 0)", (position, rule.model_dump_json())
                )
            await connection.execute(
                "INSERT OR REPLACE INTO setting (name, value) VALUES (?, ?)", (_MODES, script.modes.model_dump_json())
            )
        self.modes, self._rules = script.modes, script.rules

    async def describe(self) -> dict[str, object]:
        """Return modes and rules, each rule with the number of calls it has met."""
        rows = await self._database.rows("SELECT rule, met FROM fault ORDER BY position")
        rules = [{**json.loads(row["rule"]), "met": row["met"]} for row in rows]
        return {"modes": self.modes.model_dump(), "rules": rules}

    async def take(self, service: Service, operation: str, text: str, kinds: Collection[FaultKind]) -> FaultRule | None:
        """Count a call at every rule of these kinds that it meets; return the first rule that strikes, if any."""
        met = [
            (position, rule)
            for position, rule in enumerate(self._rules)
            if rule.fault in kinds and rule.meets(service, operation, text)
        ]
        if not met:
            return None
        striking: list[FaultRule] = []
        async with self._database.transaction() as connection:
            for position, rule in met:
                async with connection.execute(
                    "UPDATE fault SET met = met + 1 WHERE position = ? RETURNING met", (position,)
                ) as cursor:
                    count = max(row["met"] for row in await cursor.fetchall())
                if count >= rule.nth and (rule.times is None or count < rule.nth + rule.times):
                    striking.append(rule)
        return striking[0] if striking else None
