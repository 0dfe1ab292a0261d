"""All simulated vendors as one ASGI application, each under its own path prefix."""

from starlette.applications import Starlette
from starlette.routing import Route

from simulators import assets, control
from simulators.claude import messages
from simulators.listenhub import video, voice
from simulators.world.world import World


def build_app(world: World) -> Starlette:
    """Return the application that shows `world` to its clients."""
    rooms = (video, voice, messages, assets, control)
    routes: list[Route] = [route for room in rooms for route in room.routes(world)]
    return Starlette(routes=routes)
