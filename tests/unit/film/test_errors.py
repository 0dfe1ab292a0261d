"""Every sentence that an error says, as a person reads it: the fact, and where there is one the remedy."""

import pickle
from decimal import Decimal

import pytest

from film import errors as e

FILM = "vid_1"
VENDOR = {"provider": "vibegen", "detail": "no such voice"}
CHECK = {"check": "frames", "expected": "216", "found": "215"}

SAID: list[tuple[e.LongVideoError, str]] = [
    (e.InvalidRequest(field="duration", reason="3 to 180"), "duration: 3 to 180"),
    (
        e.SpendNotConfirmed(remedy="say yes, or --yes"),
        "Nothing was ordered and nothing spent: say yes, or --yes.",
    ),
    (
        e.InsufficientCredits(needed="1650", available="12.5"),
        "The film needs 1650 credits and the account has 12.5: add credits or order less.",
    ),
    (
        e.MissingKey(variable="ANTHROPIC_API_KEY", needed_for="script"),
        (
            "ANTHROPIC_API_KEY is not set, without which there is no script: set it, or run with "
            "LONGVIDEO_MODE=simulated."
        ),
    ),
    (
        e.ApiKeyRefused(),
        "The API key is missing, malformed, unknown or disabled: send Authorization: Bearer sk-...",
    ),
    (
        e.IdempotencyKeyReused(film_id=FILM),
        "This Idempotency-Key ordered vid_1 with another body: use a new key for a new order.",
    ),
    (e.TooManyOrders(limit=60, retry_after_s=7), "This key may order 60 films a minute: order again in 7 s."),
    (
        e.TooManyStreams(limit=20, retry_after_s=5),
        "This key may follow 20 films at once: close a stream, or poll with GET.",
    ),
    (
        e.TooManyFilms(limit=20, retry_after_s=5),
        "The account may have 20 unfinished films at once: order again when one has ended.",
    ),
    (e.AccountUnknown(account="acme"), "There is no account 'acme'; `longvideo account create acme` opens it."),
    (e.ApiKeyUnknown(key_id="k1"), "There is no key 'k1'; `longvideo key list` shows those there are."),
    (e.FilmNotFound(film_id=FILM), "vid_1: there is no such film, or it was deleted; `longvideo list` shows yours."),
    (e.NotComposable(film_id=FILM), "vid_1: it is still being made; compose again once it has ended."),
    (e.NoSegments(film_id=FILM), "vid_1: no segment of it is ready; `longvideo retry` makes them."),
    (
        e.SegmentsNotReady(film_id=FILM, missing=(1, 4)),
        "vid_1: segments are missing, 2 in all; `longvideo show` tells which, `longvideo retry` makes just those.",
    ),
    (e.NotRetryable(film_id=FILM, reason="it is complete"), "vid_1: it is complete."),
    (e.NotAwaitingApproval(film_id=FILM), "vid_1: it does not wait for an approval."),
    (e.NotTerminal(film_id=FILM), "vid_1: it is still being made; cancel it first."),
    (e.ScriptRefused(explanation="I won't"), "The writer declined this prompt: I won't"),
    (
        e.ScriptInvalid(problems=("shot 2 is missing", "shot 3 is too long")),
        "The script doesn't fit the plan after its repairs: shot 2 is missing; shot 3 is too long",
    ),
    (
        e.ModerationRejected(reason="a real person", categories=("likeness", "politics")),
        "Moderation rejected the film (likeness, politics): a real person",
    ),
    (e.ModerationRejected(reason="a real person"), "Moderation rejected the film: a real person"),
    (
        e.ModerationUnavailable(detail="no answer"),
        "Moderation could not be reached, so the film was stopped: no answer",
    ),
    (e.BroughtUnusable(field="music", reason="it is no sound"), "Your file (music) can't be used: it is no sound"),
    (e.ProviderRejected(**VENDOR), "vibegen: no such voice"),
    (e.ProviderBusy(**VENDOR, http_status=503), "vibegen: no such voice [HTTP 503]"),
    (e.ProviderUnavailable(**VENDOR, wire_code="busy"), "vibegen: no such voice [busy]"),
    (
        e.ProviderRateLimited(**VENDOR, http_status=429, wire_code="29001", retry_after_s=3.0),
        "vibegen: no such voice [HTTP 429 29001]",
    ),
    (
        e.DailyCapReached(
            provider="vibegen",
            setting="LONGVIDEO_VIBEGEN_DAILY_CAP",
            cap=Decimal(90),
            spent=Decimal(80),
            wanted=Decimal("11.5"),
        ),
        (
            "vibegen: today's cap of 90 of its credits would be passed (80 spent, 11.5 wanted); raise "
            "LONGVIDEO_VIBEGEN_DAILY_CAP, or wait for the next day (UTC)"
        ),
    ),
    (e.ClipRejected(**CHECK), "The clip fails frames: expected 216, found 215"),
    (e.DeliverableRejected(**CHECK), "The film fails frames: expected 216, found 215"),
    (
        e.NarrationTooLong(factor=1.456, limit=1.25, length_s=10.111, room_s=6.9449),
        "The narration lasts 10.11 s and has 6.94 s: it would have to be 1.46 times as fast, 1.25 is the limit",
    ),
    (
        e.CommandFailed(command="ffmpeg", code=1, stderr_tail=" a" + "b" * 399 + "c\n"),
        "ffmpeg ended with code 1: " + "b" * 399 + "c",
    ),
    (e.CommandTimedOut(command="ffmpeg", deadline_s=2.5), "ffmpeg was stopped after 2.5 s"),
    (
        e.GlyphMissing(characters="ש"),
        "The font has no glyph for 'ש'; use other words there, or soft subtitles",
    ),
    (
        e.DiskFull(path="/data", needed_bytes=3 * 2**20, free_bytes=2**20 + 2**19 + 1),
        "/data has 2 MiB free and the film needs 3: make room, or set LONGVIDEO_HOME to another disk",
    ),
    (
        e.StaleEpoch(film_id=FILM, epoch=3),
        "vid_1: run 3 no longer owns the film; a newer run, or its end, has taken over",
    ),
    (
        e.LeaseTaken(film_id=FILM, owner="here:1:a"),
        "vid_1 is already running on here (pid 1); watch it with `longvideo watch vid_1`",
    ),
    (
        e.IllegalTransition(film_id=FILM, current="failed", wanted="audio"),
        "vid_1: audio may not follow failed",
    ),
    (e.InvariantBroken(invariant="I2", detail="1 mc short"), "I2 is broken: 1 mc short; run `longvideo audit`"),
    (e.DatabaseUnavailable(where="a.db", reason="it is full"), "The database a.db can't be used: it is full"),
    (
        e.StoreUnavailable(where="s3://films", reason="no such bucket"),
        "The store can't be used at s3://films: no such bucket",
    ),
    (
        e.PrefectUnavailable(url="http://127.0.0.1:4200/api", reason="it ended at once", log="p.log"),
        "Prefect's server at http://127.0.0.1:4200/api can't be used: it ended at once; see p.log",
    ),
    (e.DeadlineExceeded(what="a job at vibegen", deadline_s=59.6), "a job at vibegen took longer than 60 s"),
    (
        e.AddressUnavailable(host="127.0.0.1", port=8450, reason="the port is taken"),
        "Nothing can be served at 127.0.0.1:8450: the port is taken; name another port by --port",
    ),
    (
        e.OutputNotWritable(film_id=FILM, out="/a.mp4", reason="no room"),
        (
            "vid_1 is completed, but can't be written to /a.mp4: no room; "
            "`longvideo make --resume vid_1 --out FILE` writes it elsewhere"
        ),
    ),
    (
        e.FilmFailed(film_id=FILM, code="segment_failed", message="no clip", stage="generating", segment=4),
        "vid_1 failed in generating, segment 5 (segment_failed): no clip",
    ),
    (
        e.FilmFailed(film_id=FILM, code="script_failed", message="no script", stage="scripting"),
        "vid_1 failed in scripting (script_failed): no script",
    ),
    (e.FilmCanceled(film_id=FILM), "vid_1 was canceled"),
]


@pytest.mark.parametrize(("error", "sentence"), SAID)
def test_an_error_says_its_sentence(error: e.LongVideoError, sentence: str) -> None:
    """Also after a trip between processes."""
    assert str(error) == sentence
    assert str(pickle.loads(pickle.dumps(error))) == sentence  # noqa: S301 - our own


def test_no_sentence_is_missing() -> None:
    """Whatever writes a sentence of its own, or has a state of a film to tell, is in the table."""
    classes = [getattr(e, name) for name in e.__all__]
    telling = {c for c in classes if "__str__" in vars(c) or getattr(c, "sentence", "")}
    assert {c.__name__ for c in telling - {e.LongVideoError, e.ProviderError, e.FilmRequestError}} <= {
        type(error).__name__ for error, _ in SAID
    }
