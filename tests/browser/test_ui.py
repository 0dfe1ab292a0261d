"""Prefect's UI as a person uses it: fill the form, watch, look at the pictures, cancel, retry, approve."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
from playwright.sync_api import Locator, Page, Response, expect

from tests.browser.conftest import picture
from tests.e2e.conftest import Command
from tests.plain_machine import needs

pytestmark = needs("chromium")

Up = tuple[Command, dict[str, str]]


def field(page: Page, label: str, kind: str) -> Locator:
    """Return the form's field under a label."""
    return page.locator(f"xpath=//label[normalize-space()='{label}']/following::{kind}[1]")


def press(page: Page, button: Locator, path: str) -> Response:
    """Press a button; return the answer to what it sends to the URL that ends with `path`."""
    with page.expect_response(lambda response: response.url.endswith(path)) as answered:
        button.click()
    assert answered.value.ok, answered.value.text()
    return answered.value


def open_run(page: Page, url: str) -> str:
    """Submit the form, open the run it makes, and return its film's id, which is the run's tag."""
    run = press(page, page.get_by_role("button", name="Submit"), "/create_flow_run").json()
    page.wait_for_url("**tab=Runs**")
    page.goto(f"{url}/runs/flow-run/{run['id']}")
    tag = page.get_by_text(re.compile("^vid_")).first
    expect(tag).to_be_visible()
    return tag.inner_text()


def fill_form(page: Page, url: str, prompt: str, *, duration: int = 5, approve: bool = False) -> None:
    """Open the deployment's form and fill it."""
    page.goto(f"{url}/deployments")
    page.get_by_role("link", name="long-video", exact=True).first.click()
    page.wait_for_url("**/deployment/**")
    page.goto(page.url.partition("?")[0] + "/run")
    field(page, "Run Name", "input").fill(prompt)
    field(page, "Prompt", "textarea").fill(prompt)
    field(page, "Length in seconds (Optional)", "input").fill(str(duration))
    if approve:
        field(page, "Ask before spending (Optional)", "label").click()
    picture(page, "form")


def wait_for_state(page: Page, state: str) -> None:
    """Wait until the open run shows a state."""
    expect(page.get_by_text(state, exact=True).first).to_be_visible()


def test_a_film_from_the_form_to_its_pictures(page: Page, up: Up) -> None:
    """Form, run, artifacts: progress, storyboard with a picture a segment, credits, link; nothing is asked outside."""
    command, said = up
    outside: list[str] = []
    page.on("request", lambda request: outside.append(request.url) if not _ours(request.url) else None)
    fill_form(page, said["Prefect"], "A lighthouse in a storm", duration=9)
    film_id = open_run(page, said["Prefect"])
    wait_for_state(page, "Completed")
    picture(page, "run")
    run_url = page.url
    page.get_by_text("Artifacts", exact=True).last.click()
    key = film_id.replace("_", "-")
    expect(page.get_by_role("link", name=f"{key}-film")).to_be_visible()
    expect(page.get_by_role("link", name=f"{key}-progress")).to_be_visible()
    credits_page, storyboard_page = [
        str(page.get_by_role("link", name=f"{key}-{name}").get_attribute("href")) for name in ("credits", "storyboard")
    ]
    page.goto(said["Prefect"] + credits_page)
    expect(page.get_by_text("still held").first).to_be_visible()
    page.goto(said["Prefect"] + storyboard_page)
    shown = page.get_by_role("img", name=re.compile("^segment "))
    expect(shown).to_have_count(2)
    assert all(image.evaluate("picture => picture.naturalWidth") > 0 for image in shown.all())
    picture(page, "storyboard")
    page.goto(run_url)
    page.get_by_text("Artifacts", exact=True).last.click()
    page.get_by_role("link", name=f"{key}-film").click()
    link = str(page.get_by_role("link", name="film.mp4").get_attribute("href"))
    film = page.request.get(link)
    assert (film.status, film.headers["content-type"]) == (200, "video/mp4")
    assert command.json("show", film_id)["status"] == "completed"
    assert outside == []


def test_a_wrong_value_is_refused_in_the_form(page: Page, up: Up) -> None:
    """999 seconds: the form says the bound, and no film is ordered."""
    command, said = up
    before = len(command.json("list"))
    fill_form(page, said["Prefect"], "Too long", duration=999)
    page.get_by_role("button", name="Submit").click()
    expect(page.get_by_text("999 is greater than the maximum of 180").first).to_be_visible()
    assert len(command.json("list")) == before


def test_the_question_is_answered_in_the_browser(page: Page, up: Up) -> None:
    """A film that asks shows cost and storyboard; Resume takes the answer and the film is made."""
    command, said = up
    fill_form(page, said["Prefect"], "An otter asks", approve=True)
    film_id = open_run(page, said["Prefect"])
    wait_for_state(page, "Paused")
    page.get_by_role("button", name="Resume", exact=True).click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text(film_id).first).to_be_visible()
    expect(dialog.get_by_text("credits").first).to_be_visible()
    picture(page, "approve")
    dialog.get_by_role("button", name="Submit").click()
    wait_for_state(page, "Completed")
    assert command.json("show", film_id)["status"] == "completed"


def test_cancel_is_clicked_and_everything_goes_back(page: Page, up: Up) -> None:
    """Cancel and its confirmation: the run is Cancelled, the film canceled, nothing held, nothing charged."""
    command, said = up
    with faults(said, late(seconds=100_000)):
        fill_form(page, said["Prefect"], "Nobody wants this", duration=9)
        film_id = open_run(page, said["Prefect"])
        page.get_by_role("button", name="Cancel", exact=True).click()
        press(page, page.get_by_role("dialog").get_by_role("button", name="Confirm"), "/set_state")
        wait_for_state(page, "Cancelled")
    shown = command.json("show", film_id)
    assert (shown["status"], shown["cost_actual"]) == ("canceled", 0)


def test_retry_is_clicked_and_a_new_film_takes_over(page: Page, up: Up) -> None:
    """A film whose clip fails for good is Failed; Retry and its confirmation make it under a new id."""
    command, said = up
    with faults(said, {"vendor": "listenhub-video", "operation": "create", "fault": "job_failed", "times": None}):
        fill_form(page, said["Prefect"], "Second time lucky")
        film_id = open_run(page, said["Prefect"])
        wait_for_state(page, "Failed")
    page.get_by_role("button", name="Retry", exact=True).click()
    press(page, page.get_by_role("dialog").get_by_role("button", name="Retry"), "/set_state")
    wait_for_state(page, "Completed")
    [again] = [film for film in command.json("list") if film["retry_of"] == film_id]
    assert (again["status"], command.json("show", film_id)["status"]) == ("completed", "failed")


def late(*, seconds: float) -> dict[str, object]:
    """Return the simulators' rule that makes every clip late."""
    return {"vendor": "listenhub-video", "operation": "create", "fault": "job_late", "seconds": seconds, "times": None}


@contextmanager
def faults(said: dict[str, str], *rules: dict[str, object]) -> Iterator[None]:
    """Have the simulators misbehave for the length of the block."""
    control = f"{said['simulators']}/_control/faults"
    httpx.put(control, json={"rules": rules}).raise_for_status()
    yield
    httpx.delete(control).raise_for_status()


def _ours(url: str) -> bool:
    return url.startswith(("http://127.0.0.1:", "ws://127.0.0.1:", "data:", "blob:"))
