"""All simulated vendors as one ASGI application, each under its own path prefix."""

from starlette.applications import Starlette
from starlette.routing import Route

from simulators import assets, control, index, uploads
from simulators.claude import messages
from simulators.listenhub import account, images, video, voice
from simulators.senseaudio import video as senseaudio_video
from simulators.vibegen import video as vibegen_video
from simulators.world.world import World


def build_app(world: World) -> Starlette:
    """Return the application that shows `world` to its clients."""
    rooms = (video, voice, images, account, senseaudio_video, vibegen_video, messages, uploads, assets, control, index)
    routes: list[Route] = [route for room in rooms for route in room.routes(world)]
    return Starlette(routes=routes)
