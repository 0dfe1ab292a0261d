"""All simulated vendors as one ASGI application, each under its own path prefix."""

from starlette.applications import Starlette
from starlette.routing import Route

from simulators import assets, control, uploads
from simulators.claude import messages
from simulators.listenhub import account, images, video, voice
from simulators.world.world import World


def build_app(world: World) -> Starlette:
    """Return the application that shows `world` to its clients."""
    rooms = (video, voice, images, account, messages, uploads, assets, control)
    routes: list[Route] = [route for room in rooms for route in room.routes(world)]
    return Starlette(routes=routes)
