"""The index page: what each simulated vendor is, a request to try, the faults in force, and the books."""

import html
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from simulators.world.settings import Vendor
from simulators.world.world import World

_JOBS_SHOWN: Final = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class _Card:
    """What the page says of one vendor. `path` and `body` make the example; without a body it is a GET."""

    name: str
    says: str
    path: str
    key: str
    body: str


_CARDS: Final[Mapping[Vendor, _Card]] = {
    Vendor.LISTENHUB: _Card(
        name="ListenHub",
        says="Video (happyhorse, doubao-seedance-2-fast and -pro), voice and music, images, uploads, speakers, "
        "credits. Base URL: /listenhub/openapi",
        path="/listenhub/openapi/v1/video-generation/generate",
        key="lh_sk_sim_alpha",
        body='{"model":"happyhorse","content":[{"type":"text","text":"城市清晨的延时风光"}],"duration":5}',
    ),
    Vendor.SENSEAUDIO: _Card(
        name="SenseAudio",
        says="Video (doubao-seedance-2-0-260128): create and status, nothing else. Base URL: /senseaudio",
        path="/senseaudio/v1/video/create",
        key="sk-sense-sim-alpha",
        body='{"model":"doubao-seedance-2-0-260128","content":[{"type":"text","text":"黄昏海边"}],'
        '"duration":5,"resolution":"720p","ratio":"16:9"}',
    ),
    Vendor.VIBEGEN: _Card(
        name="vibegen (AI Video API)",
        says="Video (seedance 2.0): generations, tasks, callbacks. Base URL: /vibegen/api/v1",
        path="/vibegen/api/v1/generations",
        key="sk-video-sim-alpha",
        body='{"model":"seedance 2.0","prompt":"一座未来城市","duration":5}',
    ),
    Vendor.ANTHROPIC: _Card(
        name="Claude",
        says="A deterministic model for scripts, moderation and shortening. Base URL: /anthropic",
        path="/anthropic/v1/messages",
        key="sk-ant-sim-alpha",
        body='{"model":"claude-sonnet-5-5","max_tokens":100,"messages":[{"role":"user","content":"hello"}]}',
    ),
}
_STYLE: Final = (
    "body{font:15px/1.5 system-ui,sans-serif;max-width:64rem;margin:2rem auto;padding:0 1rem;color:#222}"
    "section{border:1px solid #ddd;border-radius:8px;padding:1rem;margin:1rem 0}h2{margin:0}"
    "pre{background:#f5f5f5;padding:.7rem;overflow-x:auto;border-radius:6px}"
    "table{border-collapse:collapse;width:100%}td,th{text-align:left;padding:.2rem .6rem;border-bottom:1px solid #eee}"
    "td.n{text-align:right}.failed{color:#b00}.success{color:#080}"
)


def routes(world: World) -> list[Route]:
    """Return the page's route."""
    return [Route("/", _page(world), methods=["GET"])]


def _page(world: World) -> Callable[[Request], Awaitable[Response]]:
    async def page(request: Request) -> Response:
        origin = str(request.base_url).rstrip("/")
        books = await world.books.report()
        cards = "".join(
            _section(card, origin, [page for page in books if page["vendor"] == vendor.value])
            for vendor, card in _CARDS.items()
        )
        faults = await world.faults.describe()
        rules = faults["rules"]
        count = len(rules) if isinstance(rules, list) else 0
        return HTMLResponse(
            f"<!doctype html><html lang='en'><meta charset='utf-8'><title>Simulated vendors</title>"
            f"<style>{_STYLE}</style><h1>Simulated vendors</h1><p>Nothing here is real: no credit is money, every clip "
            f"says SIMULATED. Vendors are {world.settings.time_scale:g} times as fast as in truth. Fault rules in "
            f"force: {count}. JSON: <a href='/_control/books'>books</a>, <a href='/_control/jobs'>jobs</a>, "
            f"<a href='/_control/faults'>faults</a>, <a href='/_control/health'>health</a>.</p>{cards}</html>"
        )

    return page


def _section(card: _Card, origin: str, books: list[dict[str, Any]]) -> str:
    curl = (
        f"curl -X POST '{origin}{card.path}' -H 'Authorization: Bearer {card.key}' "
        f"-H 'Content-Type: application/json' -H 'anthropic-version: 2026-10-21' -d '{card.body}'"
    )
    if "anthropic" not in card.path:
        curl = curl.replace("-H 'anthropic-version: 2026-10-21' ", "")
    pages = "".join(
        f"<tr><td>{html.escape(page['key_id'])}</td>"
        + "".join(f"<td class='n'>{page[name]}</td>" for name in ("granted", "charged", "refunded", "balance"))
        + f"<td class='n'>{len(page['jobs'])}</td></tr>"
        for page in books
    )
    jobs = sorted((job for page in books for job in page["jobs"]), key=lambda job: -job["created_at"])
    return (
        f"<section><h2>{html.escape(card.name)}</h2><p>{html.escape(card.says)}</p><pre>{html.escape(curl)}</pre>"
        f"<table><tr><th>key<th>granted<th>charged<th>refunded<th>balance<th>jobs</tr>{pages}</table>"
        f"<table>{''.join(map(_row, jobs[:_JOBS_SHOWN]))}</table></section>"
    )


def _row(job: dict[str, Any]) -> str:
    cells = (job["id"], job["service"], job["model"], job["text"][:80])
    written = "".join(f"<td>{html.escape(str(cell))}</td>" for cell in cells)
    return f"<tr><td class='{job['state']}'>{job['state']}</td>{written}<td class='n'>{job['charged']}</td></tr>"
