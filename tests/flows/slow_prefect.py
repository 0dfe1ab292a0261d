"""Prefect behind a proxy that holds what is told of artifacts back until a test lets it through, the newest first."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import httpx
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

_HOP_BY_HOP = {"connection", "content-length", "transfer-encoding", "content-encoding", "host"}


@dataclass(kw_only=True)
class SlowPrefect:
    """A proxy before Prefect's API."""

    target: str
    url: str = ""
    #: Set while requests pass at once.
    open: asyncio.Event = field(default_factory=asyncio.Event)
    #: Requests that are held, in the order of their arrival.
    held: list["asyncio.Future[None]"] = field(default_factory=list)
    #: Requests that the target has answered after they were held.
    passed: int = 0
    client: httpx.AsyncClient = field(default_factory=lambda: httpx.AsyncClient(trust_env=False, timeout=60))

    async def answer(self, request: Request) -> Response:
        """Pass a request on, perhaps late; one whose sender has gone meanwhile arrives all the same."""
        body = await request.body()
        return await asyncio.shield(asyncio.ensure_future(self._passed_on(request, body)))

    async def _passed_on(self, request: Request, body: bytes) -> Response:
        held = request.method == "PATCH" and "/artifacts/" in request.url.path and not self.open.is_set()
        if held:
            turn = asyncio.get_running_loop().create_future()
            self.held.append(turn)
            await turn
        headers = {name: value for name, value in request.headers.items() if name not in _HOP_BY_HOP}
        url = f"{self.target}{request.url.path.removeprefix('/api')}?{request.url.query}"
        answer = await self.client.request(request.method, url, content=body, headers=headers)
        self.passed += held
        kept = {name: value for name, value in answer.headers.items() if name not in _HOP_BY_HOP}
        return Response(answer.content, answer.status_code, headers=kept)

    async def let_through(self) -> None:
        """Pass what is held, the newest first, each after the one before was answered; then everything at once."""
        self.open.set()
        for number, turn in enumerate(reversed(self.held), start=1):
            turn.set_result(None)
            while self.passed < number:  # noqa: ASYNC110 - the requests' own tasks tell nobody
                await asyncio.sleep(0.01)


@asynccontextmanager
async def slow_prefect(api_url: str) -> AsyncIterator[SlowPrefect]:
    """Run the proxy for the length of the block; it passes everything at once until `open` is cleared."""
    proxy = SlowPrefect(target=api_url.rstrip("/"))
    proxy.open.set()
    methods = ["GET", "POST", "PUT", "PATCH", "DELETE"]
    app = Starlette(routes=[Route("/{path:path}", proxy.answer, methods=methods)])
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="error", lifespan="off"))
    serving = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110 - uvicorn tells it by this flag alone
        await asyncio.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    proxy.url = f"http://127.0.0.1:{port}/api"
    try:
        yield proxy
    finally:
        server.should_exit = True
        await serving
        await proxy.client.aclose()
