"""The documented HTTP surface as one ASGI app. It writes rows and reads rows; whoever makes films finds them there."""

from typing import Final

from fastapi import FastAPI, Response
from fastapi.responses import HTMLResponse

from api import account, callbacks, events, files, films, offer, operations, ordering
from api.callers import KnownCallers
from api.docs_page import STYLE, docs_page
from api.errors import answer_errors
from api.films import Answer
from api.guard import Guard
from api.openapi import TITLE, describe
from api.ordering import EstimateRequest, RetryWish
from api.parts import Parts
from api.watching import Watch
from film.request import FilmRequest

VERSION: Final = "1"


def build_app(parts: Parts) -> FastAPI:
    """Return the app over these parts. `app.state.watch.stop()` ends its live streams before the server stops."""
    app = FastAPI(
        title=TITLE,
        version=VERSION,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        generate_unique_id_function=lambda route: route.name,
    )
    app.state.parts = parts
    app.state.callers = KnownCallers(parts)
    app.state.watch = Watch(parts.books, parts.links.clock)
    for room in (ordering, films, events, account, offer, files, callbacks, operations):
        app.include_router(room.router)
    describe(app, FilmRequest, EstimateRequest, RetryWish, Answer)
    _add_docs(app)
    answer_errors(app)
    app.add_middleware(Guard)
    return app


def _add_docs(app: FastAPI) -> None:
    @app.get("/docs", include_in_schema=False)
    async def docs() -> HTMLResponse:
        return HTMLResponse(docs_page(app.openapi()))

    @app.get("/docs/style.css", include_in_schema=False)
    async def style() -> Response:
        return Response(STYLE, media_type="text/css")
