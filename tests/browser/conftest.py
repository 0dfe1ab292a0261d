"""A real browser on a real `longvideo up`: Debian's Chromium, driven by playwright, which downloads none."""

import asyncio
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.e2e.conftest import Command
from tests.e2e.test_up import free_ports, until_ready
from tests.plain_machine import program


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Command, dict[str, str]]]:
    """Run `longvideo up`; return the command in its home, and what it said of its services."""
    prefect_port, simulators_port, api_port = free_ports(3)
    command = Command(
        tmp_path_factory.mktemp("up"),
        LONGVIDEO_TIME_SCALE="30",
        LONGVIDEO_PREFECT_PORT=str(prefect_port),
        LONGVIDEO_SIMULATORS_PORT=str(simulators_port),
        LONGVIDEO_API_PORT=str(api_port),
    )
    with command.start("up") as process:
        yield command, until_ready(process)
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=180)


@pytest.fixture(scope="module")
def browser(up: tuple[Command, dict[str, str]]) -> Iterator[Browser]:
    """Return a browser. It must be gone before an async test runs here: playwright keeps a loop of its own running."""
    del up
    # Playwright's own loop must not meet the one that other tests run in.
    asyncio.set_event_loop(None)
    with sync_playwright() as playwright:
        # The page is our own server's; a container's root can have no sandbox.
        running = playwright.chromium.launch(executable_path=program("chromium"), args=["--no-sandbox"])
        expect.set_options(timeout=90_000)
        yield running
        running.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """Return a page that remembers nothing of the tests before."""
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.set_default_timeout(90_000)
    yield page
    page.close()


def picture(page: Page, name: str) -> None:
    """Keep a screenshot for the documents if LONGVIDEO_PICTURES names a folder."""
    folder = os.environ.get("LONGVIDEO_PICTURES")
    if folder:
        page.screenshot(path=Path(folder) / f"{name}.png")
