"""A key never shows: not in a log of any level, an error, or a repr, whatever a vendor says back."""

import logging
import pickle
import traceback

import pytest

from film.errors import LongVideoError
from film.job_specs import SoundSpec
from providers.anthropic.judge import ClaudeJudge
from providers.http.clients import Connection
from providers.http.vendor_client import VendorClient
from providers.listenhub.account import ListenHubAccount
from providers.listenhub.video import ListenHubVideo
from providers.listenhub.voice import ListenHubVoice
from providers.senseaudio.video import SenseAudio
from providers.vibegen.video import Vibegen

from .claude_fixture import asked_at
from .conftest import KEY, clip_order
from .stub import Answer, Fault, Stub, html, reply
from .test_claude_judge import STORYBOARD

SAID = f"Invalid key {KEY}"


@pytest.mark.parametrize(
    "answer",
    [
        reply({"code": 21007, "message": SAID}, 401),
        reply({"error": {"code": "INVALID_API_KEY", "message": SAID}}, 401),
        reply({"error": {"type": SAID, "message": SAID}}, 401),
        reply({"code": SAID, "message": SAID, "ref_code": 400000}, 400),
        reply({"code": 0, "success": True, "data": {"status": SAID}, "task_id": "", "status": SAID}),
        Answer(status=500, body=SAID.encode()),
        html(502),
        Answer(fault=Fault.RESET),
    ],
)
async def test_no_vendor_can_make_a_key_show(
    stub: Stub, client: VendorClient, caplog: pytest.LogCaptureFixture, answer: Answer
) -> None:
    caplog.set_level(logging.DEBUG)
    shown = [repr(client), repr(Connection(base_url=stub.url, key=KEY))]
    stub.answers = [answer]
    async with asked_at(stub, retries_max=0) as claude:
        calls = [
            ListenHubVideo(client, model="happyhorse").submit(clip_order(), nonce=1),
            ListenHubVideo(client, model="happyhorse").get_job("1"),
            ListenHubVoice(client).submit(SoundSpec(text="hi"), nonce=1),
            ListenHubAccount(client).credits_available(),
            SenseAudio(client).submit(clip_order(), nonce=1),
            Vibegen(client).submit(clip_order(), nonce=1),
            ClaudeJudge(claude).judge("a harbour", STORYBOARD),
        ]
        for call in calls:
            with pytest.raises(LongVideoError) as failed:
                await call
            error = failed.value
            shown += [str(error), repr(error), *traceback.format_exception(error)]
            shown.append(pickle.dumps(error).decode("latin-1"))
    assert KEY not in "\n".join([*shown, caplog.text])
