"""The documented HTTP surface as one ASGI app. It writes rows and reads rows; whoever makes films finds them there."""

from typing import Final

from fastapi import FastAPI, Response
from fastapi.responses import HTMLResponse

from api import account, callbacks, catalog, events, files, films, operations, orders
from api.auth import KeyCache
from api.deps import Deps
from api.docs_page import STYLE, docs_page
from api.errors import install_error_handlers
from api.film_feed import FilmFeed
from api.films import Answer
from api.middleware import RequestMiddleware
from api.openapi import TITLE, install_openapi
from api.orders import EstimateRequest, RetryRequest
from film.request import FilmRequest

VERSION: Final = "1"


def build_app(deps: Deps) -> FastAPI:
    """Return the app over these parts. `app.state.feed.stop()` ends its live streams before the server stops."""
    app = FastAPI(
        title=TITLE,
        version=VERSION,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        generate_unique_id_function=lambda route: route.name,
    )
    app.state.deps = deps
    app.state.key_cache = KeyCache(deps)
    app.state.feed = FilmFeed(deps.database, deps.links.clock)
    for room in (orders, films, events, account, catalog, files, callbacks, operations):
        app.include_router(room.router)
    install_openapi(app, FilmRequest, EstimateRequest, RetryRequest, Answer)
    _add_docs(app)
    install_error_handlers(app)
    app.add_middleware(RequestMiddleware)
    return app


def _add_docs(app: FastAPI) -> None:
    @app.get("/docs", include_in_schema=False)
    async def docs() -> HTMLResponse:
        return HTMLResponse(docs_page(app.openapi()))

    @app.get("/docs/style.css", include_in_schema=False)
    async def style() -> Response:
        return Response(STYLE, media_type="text/css")
