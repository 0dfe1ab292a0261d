"""What a person sees: files, exit codes, words."""

import codecs
import contextlib
import json
import os
import re
import signal
import sqlite3
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import av
import httpx
import pytest

from media.ingest.probe import probe
from simulators.launch import SIMULATED_KEYS
from tests.e2e.conftest import Command

CHEAP = ("--provider", "seedance-fast", "--resolution", "480p", "--no-music")


def test_make_writes_a_film_and_its_companions(command: Command) -> None:
    """One command: the film at OUT, exact to the frame, subtitles and poster beside it, exit code 0."""
    out = command.folder / "deep" / "a film.mp4"
    made = command.json("make", "城市清晨的延时风光", "--duration", "4", "--out", str(out), *CHEAP)
    told = [made[name] for name in ("status", "cost_estimate", "cost_actual", "simulated")]
    assert told == ["completed", 72, 72, True]
    assert [Path(name).suffix for name in made["files"]] == [".mp4", ".jpg", ".srt", ".vtt"]
    assert all(Path(name).stat().st_size for name in made["files"])
    with av.open(str(out)) as film:
        video, audio = film.streams.video[0], film.streams.audio[0]
        assert sum(1 for _ in film.decode(video)) == 96
        assert (video.duration * video.time_base, audio.duration * audio.time_base) == (4, 4)
        assert (video.start_time, audio.start_time) == (0, 0)
    assert "清晨" in made["title"]
    assert command.json("list")[0]["task_id"] == made["task_id"]
    shown = command.json("show", made["task_id"])
    assert [row["status"] for row in shown["segments"]] == ["ready"]
    code, said, _ = command.run("show", made["task_id"])
    assert (code, "72 charged of 72" in said) == (0, True)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("make", "x", "--duration", "2"), "duration: should be greater than or equal to 3"),
        (("make", "  "), "prompt: string should have at least 1 character"),
        (("make", "x", "--resolution", "480p"), "resolution: happyhorse does not render 480p"),
        (("make", "x", "--reference", "http://10.0.0.1/a.png"), "reference_images: must be a public"),
        (("make", "x", "--title-card", "\U0001f3ac"), "title_card: The font has no glyph"),
        (("make", "x", "--provider", "sora"), "Invalid value for '--provider'"),
        (("make", "x", "--out", "/"), "out: / is a folder"),
        (("make", "x", "--out", "film.avi"), "out: film.avi doesn't end in .mp4"),
        (("make", "x", "--out", "/proc/film.mp4"), "out: /proc can't be written"),
        (("show", "vid_nope"), "vid_nope: there is no such film"),
        (("cancel", "vid_nope"), "vid_nope: there is no such film"),
        (("approve", "vid_nope"), "vid_nope: there is no such film"),
    ],
    ids=lambda value: " ".join(value)[:40] if isinstance(value, tuple) else "",
)
def test_a_bad_request_is_named_and_writes_nothing(command: Command, arguments: tuple[str, ...], words: str) -> None:
    """Exit code 2, one sentence with the field, no film, no file."""
    code, _, err = command.run(*arguments)
    assert (code, words in err) == (2, True), err
    assert _films_written(command) == 0
    assert list(command.folder.glob("*.mp4")) == []


def test_estimate_prints_the_documents_example(command: Command) -> None:
    """60 s at 720p: 1650 credits in 8 segments."""
    assert command.run("estimate", "--duration", "60")[1].startswith("1650 credits: 8 segments")
    assert command.json("estimate", "--duration", "61", "--resolution", "1080p")["cost_estimate"] == 2879.2


def test_live_mode_without_a_key_names_the_variable(command: Command) -> None:
    """Nothing is started and nothing written: exit code 2 and the variable to set."""
    code, _, err = command.run("make", "x", LONGVIDEO_MODE="live")
    assert (code, "LISTENHUB_API_KEY" in err) == (2, True), err
    code, _, err = command.run("make", "x", LONGVIDEO_MODE="live", LISTENHUB_API_KEY="lh_sk_a_b")
    assert (code, "ANTHROPIC_API_KEY" in err) == (2, True), err


def test_live_mode_shows_the_cost_and_wants_a_yes(command: Command, servers: dict[str, str]) -> None:
    """The vendor's own estimate is shown; without a yes nothing is ordered, at the vendor as in the ledger."""
    live = _live(servers)
    before = httpx.get(f"{servers['LONGVIDEO_SIMULATORS_URL']}/_control/jobs").json()
    arguments = ("make", "a harbour", "--duration", "3", "--out", "live.mp4")
    code, out, err = command.run(*arguments, **live, LONGVIDEO_LISTENHUB_DAILY_CAP="500")
    assert code == 2, out + err
    assert re.search(r"costs about [0-9.]+ ListenHub credits \(0 spent today, daily cap 500\)", " ".join(out.split()))
    assert "add --yes" in err
    assert _films_written(command) == 0
    assert httpx.get(f"{servers['LONGVIDEO_SIMULATORS_URL']}/_control/jobs").json() == before


@pytest.mark.parametrize("answer", ["n", "Ctrl-D", "Ctrl-C"])
def test_no_at_the_price_is_no_at_once(command: Command, servers: dict[str, str], answer: str) -> None:
    """However a person says no to the price, the command ends by itself, and nothing was ordered."""
    process, person = command.start_on_terminal("make", "a harbour", "--duration", "3", **_live(servers))

    def react(said: str) -> bool:
        if "Spend it?" not in said:
            return False
        if answer == "Ctrl-C":
            process.send_signal(signal.SIGINT)
        else:
            os.write(person, {"n": b"n\n", "Ctrl-D": b"\x04"}[answer])
        return True

    said = _read_terminal(person, react)
    assert process.wait(timeout=60) == 2, said
    assert "Nothing was ordered and nothing spent" in said
    assert _films_written(command) == 0


def test_a_terminal_shows_the_film_as_it_grows(command: Command) -> None:
    """Stages, segments and credits are redrawn in place; at the end stands the file."""
    process, person = command.start_on_terminal("make", "a plover", "--duration", "4", "--no-narration", *CHEAP)
    said = _read_terminal(person, lambda _: False)
    assert process.wait(timeout=60) == 0, said
    for words in ("SIMULATED", "credits held", "scripting", "generating", "delivering", "✓", "72 charged of 72"):
        assert words in said
    assert "\x1b[2K" in said, "lines are drawn over"
    assert said.rstrip().endswith("film.vtt")


def _read_terminal(person: int, react: Callable[[str], bool]) -> str:
    """Return all that is shown on a terminal; `react` is told of it until it has done what it is for."""
    said, reacted = "", False
    decoder = codecs.getincrementaldecoder("utf-8")()
    with contextlib.suppress(OSError):  # the terminal is gone with the command
        while read := os.read(person, 1024):
            said += decoder.decode(read)
            reacted = reacted or react(said)
    os.close(person)
    return said


def _live(servers: dict[str, str]) -> dict[str, str]:
    """Return the variables of live mode, whose vendor is a simulator."""
    vendor = f"{servers['LONGVIDEO_SIMULATORS_URL']}/listenhub/openapi"
    keys = {"LISTENHUB_API_KEY": "lh_sk_sim_beta", "ANTHROPIC_API_KEY": "sk-ant-x"}
    return {"LONGVIDEO_MODE": "live", "LONGVIDEO_LISTENHUB_URL": vendor, **keys}


def test_doctor_tells_each_vendor_apart(command: Command, servers: dict[str, str]) -> None:
    """Live: a key that works with what is left, one that is refused, one that is missing, each with its remedy."""
    simulators = servers["LONGVIDEO_SIMULATORS_URL"]
    live = {
        "LONGVIDEO_MODE": "live",
        "LISTENHUB_API_KEY": "lh_sk_sim_beta",
        "LONGVIDEO_LISTENHUB_URL": f"{simulators}/listenhub/openapi",
        "VIBEGEN_API_KEY": "sk-video-unknown",
        "LONGVIDEO_VIBEGEN_URL": f"{simulators}/vibegen/api/v1",
        "LONGVIDEO_VIBEGEN_DAILY_CAP": "90",
        "ANTHROPIC_API_KEY": "sk-ant-sim-alpha",
        "LONGVIDEO_ANTHROPIC_URL": f"{simulators}/anthropic",
    }
    code, out, _ = command.run("doctor", **live)
    lines = {line[5:].partition(":")[0]: line for line in out.splitlines()}
    assert code == 1
    works = r"ok   listenhub: key accepted, [0-9.]+ credits left; submits a minute: happyhorse 5"
    assert re.match(works, lines["listenhub"])
    assert lines["vibegen"].startswith("FAIL vibegen: ")
    assert lines["vibegen"].endswith("-> check VIBEGEN_API_KEY")
    assert lines["senseaudio"].startswith("ok   senseaudio: no key")
    assert lines["anthropic"].startswith("ok   anthropic: key accepted")


def test_no_key_and_no_secret_is_kept_anywhere(command: Command, tmp_path: Path, prefect_home: Path) -> None:
    """After a film: not in the ledger, the store, the work files, Prefect's database or any log (I20)."""
    code, out, err = command.run(
        *("make", "a quiet harbour", "--duration", "3", "--json"), PREFECT_LOGGING_LEVEL="DEBUG"
    )
    assert code == 0, err
    kept = [file for home in (tmp_path, prefect_home) for file in home.rglob("*") if file.is_file()]
    assert {"longvideo.db", "prefect.db"} <= {file.name for file in kept}
    for key in SIMULATED_KEYS.values():
        assert key not in out + err
        assert [file for file in kept if key.encode() in file.read_bytes()] == []


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("LONGVIDEO_TIME_SCALE", "fast", "LONGVIDEO_TIME_SCALE: "),
        ("LONGVIDEO_DATABASE_URL", "postgresql://localhost/films", "must begin with postgresql+asyncpg://"),
        ("LONGVIDEO_HOME", "/proc/films", "LONGVIDEO_HOME: /proc/films can't be made: "),
    ],
)
def test_a_wrong_setting_is_named(command: Command, name: str, value: str, words: str) -> None:
    """A setting that can't be used names its variable, in one line."""
    code, _, err = command.run("list", **{name: value})
    assert (code, words in err, len(err.splitlines())) == (2, True, 1), err


def test_every_wrong_setting_is_told_and_a_misspelled_one_is_not_silent(command: Command) -> None:
    """Two wrong ones are two lines; a cap whose name is misspelled would be no cap: `.env` is looked at as well."""
    code, _, err = command.run("list", LONGVIDEO_TIME_SCALE="0", LONGVIDEO_SEGMENT_ATTEMPTS="9")
    told = [line.partition(":")[0] for line in err.splitlines()]
    assert (code, told) == (2, ["LONGVIDEO_TIME_SCALE", "LONGVIDEO_SEGMENT_ATTEMPTS"])
    (command.folder / ".env").write_text("LONGVIDEO_LISTENHUB_API_KEY=k\n", "utf-8")
    code, _, err = command.run("list", LONGVIDEO_VIBEGEN_DAYLY_CAP="5", LONGVIDEO_NOTHING_OF_OURS="1")
    ignored = "{} is no setting and is ignored; did you mean {}?".format
    assert (code, err.splitlines()) == (
        0,
        [
            ignored("LONGVIDEO_LISTENHUB_API_KEY", "LISTENHUB_API_KEY"),
            ignored("LONGVIDEO_VIBEGEN_DAYLY_CAP", "LONGVIDEO_VIBEGEN_DAILY_CAP"),
        ],
    )


def test_the_version_is_told(command: Command) -> None:
    """That of the installation."""
    assert command.run("--version")[:2] == (0, f"longvideo {version('longvideo')}\n")


def test_an_ended_film_is_composed_again_and_retried(command: Command, servers: dict[str, str]) -> None:
    """Composing is free, a retry pays for what is redone; in live mode it wants a yes to that price first."""
    made = command.json("make", "a tern", "--duration", "9", "--no-narration", *CHEAP)
    film_id, again, anew = made["task_id"], command.folder / "again.mp4", command.folder / "new.mp4"
    composed = command.json("compose", film_id, "--out", str(again))
    assert (composed["status"], composed["cost_actual"], again.exists()) == ("completed", made["cost_actual"], True)
    code, _, err = command.run("retry", film_id)
    assert (code, "it is complete; name the segments to render anew" in err) == (2, True)
    code, _, err = command.run("retry", film_id, "--redo", "3")
    assert (code, err) == (2, "redo: the film has segments 1 to 2, not [3]\n")
    code, out, err = command.run("retry", film_id, "--redo", "2", **_live(servers))
    assert (code, "costs about" in out, "add --yes" in err) == (2, True, True), out + err
    assert len(command.json("list")) == 1
    new = command.json("retry", film_id, "--redo", "2", "--out", str(anew))
    second = command.json("show", film_id)["segments"][1]
    assert (new["status"], new["cost_actual"], anew.exists()) == ("completed", second["cost"], True)
    assert new["task_id"] != film_id


def test_a_failed_film_leaves_no_file(command: Command, servers: dict[str, str]) -> None:
    """Exit code 1, the documented code and the sentence; OUT isn't touched; unused credits are back."""
    rule = {"vendor": "listenhub-video", "operation": "create", "fault": "moderation", "match": "scarlet"}
    _script(servers, {**rule, "times": None})
    try:
        made = command.json("make", "a scarlet ibis", "--duration", "4", "--no-narration", *CHEAP)
    finally:
        _script(servers)
    assert (made["status"], made["error"]["code"], made["cost_actual"]) == ("failed", "segment_failed", 0)
    assert made["files"] == []
    assert not (command.folder / "film.mp4").exists()


def test_ctrl_c_cancels_and_settles(command: Command, servers: dict[str, str]) -> None:
    """SIGINT: exit code 130, the film canceled, its credits back, all before the process is gone."""
    never = {"vendor": "listenhub-video", "operation": "create", "fault": "job_late", "seconds": 9000}
    _script(servers, {**never, "match": "heron", "times": None})
    try:
        with command.start("make", "a heron", "--duration", "4", "--no-narration", *CHEAP, "--json") as process:
            film_id = _wait_for_status(command, "generating")
            process.send_signal(signal.SIGINT)
            _, err = process.communicate(timeout=180)
    finally:
        _script(servers)
    assert process.returncode == 130, err
    shown = command.json("show", film_id)
    assert (shown["status"], shown["cost_actual"]) == ("canceled", 0)


def test_ctrl_c_while_prefect_starts_cancels_too(command: Command) -> None:
    """The film is ordered and its flow hasn't begun: canceled all the same, and nobody waits for Prefect."""
    nowhere = {"PREFECT_API_URL": "http://127.0.0.1:9/api"}
    with command.start("make", "a heron", "--duration", "4", *CHEAP, **nowhere) as process:
        film_id = str(_wait_for_row(command, "SELECT id FROM film WHERE status = ?", "queued"))
        assert process.stdout is not None
        while "credits held" not in process.stdout.readline():
            pass
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=180)
    assert process.returncode == 130, err
    shown = command.json("show", film_id)
    assert (shown["status"], shown["cost_actual"]) == ("canceled", 0)


def test_a_film_that_another_process_makes_is_followed(command: Command, servers: dict[str, str]) -> None:
    """`make --resume` of a film in good hands waits for it, and writes the file all the same."""
    late = {"vendor": "listenhub-video", "operation": "create", "fault": "job_late", "seconds": 4000, "match": "stork"}
    _script(servers, late)
    with command.start("make", "a stork", "--duration", "4", "--no-narration", *CHEAP) as maker:
        film_id = _wait_for_status(command, "generating")
        code, out, err = command.run("make", "--resume", film_id, "--out", "followed.mp4")
        maker.communicate(timeout=120)
    _script(servers)
    assert (code, maker.returncode) == (0, 0), err
    assert "; this command follows" in out
    assert (command.folder / "followed.mp4").stat().st_size > 10_000


def test_sigterm_gives_the_film_back_and_the_same_command_goes_on(command: Command, servers: dict[str, str]) -> None:
    """SIGTERM: exit code 143 and nothing settled; the same command continues that film and pays nothing twice."""
    late = {"vendor": "listenhub-video", "operation": "create", "fault": "job_late", "seconds": 900, "match": "otter"}
    _script(servers, late)
    arguments = ("make", "an otter", "--duration", "4", "--no-narration", *CHEAP)
    with command.start(*arguments) as process:
        film_id = _wait_for_status(command, "generating")
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=180)
    _script(servers)
    assert process.returncode == 143, err
    assert command.json("show", film_id)["status"] == "generating"
    made = command.json(*arguments)
    assert (made["task_id"], made["status"], made["cost_actual"]) == (film_id, "completed", 72)
    jobs = httpx.get(f"{servers['LONGVIDEO_SIMULATORS_URL']}/_control/jobs", params={"service": "listenhub-video"})
    assert sum("otter" in str(job) for job in jobs.json()["jobs"]) == 1


@pytest.mark.parametrize(
    ("point", "animal"),
    [
        ("intent_committed", "walrus"),  # the paid POST never left
        ("reply_received", "marmot"),  # paid, and nobody knows
        ("file_downloaded", "ocelot"),
        ("file_stored", "gannet"),  # stored, not yet charged
        ("ready_posted", "jackal"),  # charged
        ("film_stored", "puffin"),  # delivered, not yet completed
    ],
)
def test_kill_9_loses_nothing(command: Command, servers: dict[str, str], point: str, animal: str) -> None:
    """SIGKILL anywhere: the same command, at once, goes on, pays nothing twice and leaves a ledger that adds up."""
    arguments = ("make", f"a lonely {animal}", "--duration", "3", "--no-narration", "--no-music")
    code, _, _ = command.run(*arguments, LONGVIDEO_CRASH_AT=point)
    assert code == -signal.SIGKILL
    made = command.json(*arguments)
    assert (made["status"], made["cost_actual"]) == ("completed", 82.5)
    assert probe(command.folder / "film.mp4").frames == 72
    jobs = httpx.get(f"{servers['LONGVIDEO_SIMULATORS_URL']}/_control/jobs", params={"service": "listenhub-video"})
    assert sum(animal in str(job) for job in jobs.json()["jobs"]) == 1
    assert command.run("audit", "--deep")[0] == 0


def test_a_local_budget_is_kept(command: Command) -> None:
    """With a budget the order that would exceed it is refused: exit code 2, nothing written."""
    code, _, err = command.run("make", "x", "--duration", "9", *CHEAP, LONGVIDEO_LOCAL_CREDITS="100")
    assert (code, "needs 162 credits and the account has 100" in err) == (2, True), err
    assert _films_written(command) == 0


def test_simulate_answers_a_documents_example(command: Command) -> None:
    """`longvideo simulate` serves the vendors: the document's first request is answered as the document says."""
    with command.start("simulate", "--port", "0") as process:
        assert process.stdout is not None
        url = json.loads(process.stdout.readline())["url"]
        reply = httpx.post(
            f"{url}/listenhub/openapi/v1/video-generation/generate",
            headers={"Authorization": "Bearer lh_sk_sim_alpha"},
            json={
                "model": "doubao-seedance-2-fast",
                "content": [{"type": "text", "text": "A cinematic aerial shot of a quiet coastal city at sunrise"}],
                "resolution": "720p",
                "ratio": "16:9",
                "duration": 5,
                "generateAudio": True,
            },
        )
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=90)
    assert reply.json()["code"] == 0
    assert set(reply.json()["data"]) == {"taskId", "episodeId", "status"}


def test_doctor_finds_this_machine_fit(command: Command) -> None:
    """Each dependency is looked at; nothing is missing for simulated films."""
    findings = command.json("doctor")
    assert {row["name"]: row["fine"] for row in findings}["ffmpeg"]
    assert all(row["fine"] for row in findings)


def _script(servers: dict[str, str], *rules: dict) -> None:
    url = f"{servers['LONGVIDEO_SIMULATORS_URL']}/_control/faults"
    httpx.put(url, json={"rules": rules}).raise_for_status()


def _wait_for_status(command: Command, status: str) -> str:
    return str(_wait_for_row(command, "SELECT id FROM film WHERE status = ?", status))


def _wait_for_row(command: Command, query: str, value: object) -> object:
    """Look into the command's own database until a row is there; another process writes it, so there is no event."""
    path = command.folder / "home" / "longvideo.db"
    deadline = time.monotonic() + 240
    while time.monotonic() < deadline:
        if path.exists():
            with sqlite3.connect(path) as database:
                rows = database.execute(query, (value,)).fetchall() if _has_films(database) else []
            database.close()
            if rows:
                return rows[0][0]
        time.sleep(0.1)
    raise AssertionError(f"no row for {query} within 240 s")


def _films_written(command: Command) -> int:
    """Count the rows of films in the command's own database, without a process to ask it."""
    path = command.folder / "home" / "longvideo.db"
    if not path.exists():
        return 0
    with sqlite3.connect(path) as database:
        written = database.execute("SELECT count(*) FROM film").fetchone()[0] if _has_films(database) else 0
    database.close()
    return int(written)


def _has_films(database: sqlite3.Connection) -> bool:
    return bool(database.execute("SELECT 1 FROM sqlite_master WHERE name = 'film'").fetchall())
