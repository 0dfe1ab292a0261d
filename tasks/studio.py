"""The composition root: the environment's settings become open books, a store, vendors and their gates."""

import logging
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from contextvars import ContextVar
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from film.callbacks import CallbackAddress
from film.clock import Clock
from film.profiles import PROFILES, Provider, Vendor
from film.request import FilmRequest
from ledger.clock import DatabaseClock
from ledger.database import Books
from ledger.gate import GateRule
from ledger.leases import Maker
from providers import registry
from providers.claude import Claude
from providers.egress import Egress
from providers.ports import Account, JobVendor, Storage, Voices
from providers.transport import Connection
from runtime.task_set import TaskSet
from simulators.launch import SIMULATED_KEYS, launched
from store.objects import Objects
from tasks import catalog
from tasks.buttons import Buttons
from tasks.catalog import Model
from tasks.crash import kill_at
from tasks.desk import Counter, Desk, no_fault
from tasks.doors import Doors, open_doors
from tasks.holder import is_dead, new_holder
from tasks.keeping import Keeper
from tasks.links import house_links
from tasks.open_ledger import open_ledger
from tasks.secret import house_secret
from tasks.settings import Settings
from tasks.timings import Timings

_LOG: Final = logging.getLogger("longvideo.app")
#: The most bytes of a customer's image or music.
_BROUGHT_BYTES_MAX: Final = 50 * 2**20
#: What the process's end waits for words that Prefect is still owed.
_OWED_S: Final = 10.0


class Studio:
    """Everything a film is made with, opened once a process; plain attributes, no environment behind them."""

    def __init__(self, settings: Settings, *, desk: Desk, doors: Doors, claude: tuple[Claude, Claude]) -> None:
        self.settings = settings
        self.desk = desk
        writing, judging = claude
        self.writer = registry.writer(writing)
        self.judge = registry.judge(judging)
        #: The operator's accounts, by vendor; what is asked there costs nothing.
        self.accounts: Mapping[str, Account] = {
            **{vendor.value: registry.account(vendor, wire) for vendor, wire in doors.wires.items()},
            "anthropic": writing,
        }
        self.holder = new_holder()
        self.links = house_links(settings, desk.objects, desk.clock)
        self.keeper = Keeper(desk.books, desk.clock, desk.timings)
        self.buttons = Buttons(desk.books)
        #: What could not be shown in time and is shown later.
        self.owed = TaskSet("what Prefect is owed")
        self._doors = doors
        self.images = self.metered(catalog.IMAGES)
        self.voices = self.metered(catalog.VOICE)

    @property
    def books(self) -> Books:
        """The ledger."""
        return self.desk.books

    @property
    def clock(self) -> Clock:
        """The time."""
        return self.desk.clock

    @property
    def objects(self) -> Objects:
        """The store."""
        return self.desk.objects

    @property
    def timings(self) -> Timings:
        """How long the house waits."""
        return self.desk.timings

    @property
    def maker(self) -> Maker:
        """This process as the maker of the films it orders for itself."""
        return Maker(holder=self.holder, lease_s=self.timings.lease_s)

    @property
    def work(self) -> Path:
        """Folder of this machine's work files; all of them can be made again."""
        return self.desk.work

    @property
    def simulated(self) -> bool:
        """Whether simulators make the films."""
        return self.settings.simulated

    @property
    def producer(self) -> str:
        """Who is named in the films' label."""
        return self.settings.producer

    @property
    def allowed_origin(self) -> str | None:
        """The one origin that URLs may lead to besides public addresses: the simulators'."""
        return self.egress.allowed_origin

    @property
    def egress(self) -> Egress:
        """The way to customers' and vendors' files, and to webhooks."""
        return self._doors.egress

    @property
    def speakers(self) -> Voices:
        """Who lists the narrators."""
        return registry.speakers(self._doors.wires[Vendor.LISTENHUB])

    def video(self, provider: Provider) -> Counter:
        """Return who renders a provider's segments, behind its gate."""
        return self.metered(catalog.VIDEO_MODELS[provider])

    def metered(self, model: Model) -> Counter:
        """Return who sells a model, behind the model's gate."""
        vendor = self._seller(model)
        called_back = model.calls_back and bool(self.settings.public_url)
        return self._doors.counter(model, vendor, submits=model.submits(self.settings), called_back=called_back)

    def _seller(self, model: Model) -> JobVendor[Any]:
        wire = self._doors.wires[model.vendor]
        if model.provider is not None:
            return registry.video_vendor(model.provider, wire, callbacks=self._callbacks())
        return registry.voice_vendor(wire) if model is catalog.VOICE else registry.image_vendor(wire)

    def rule_of(self, provider: Provider) -> GateRule:
        """Return how often a provider's segments may be ordered."""
        return self.video(provider).rule

    def is_dead(self, holder: str) -> bool:
        """Whether a holder is known to be gone: its lease needn't lapse first."""
        return is_dead(holder)

    def _callbacks(self) -> CallbackAddress | None:
        url = self.settings.public_url
        return CallbackAddress(public_url=url, secret=house_secret(self.settings)) if url else None

    def counter_of(self, vendor: str, model_name: str) -> Counter | None:
        """Return who made a job, by the names its attempt froze; None if this house no longer knows them."""
        known = (model for model in catalog.MODELS if (model.vendor, model.model) == (vendor, model_name))
        found = next(known, None)
        return None if found is None else self.metered(found)

    def clock_ahead_s(self, vendor: Vendor) -> float:
        """Return how far a vendor's clock was ahead of this machine's at its last answer, in seconds."""
        return self._doors.wires[vendor].clock_ahead_s

    def storage(self) -> Storage:
        """Return where a provider reads files of ours."""
        readable = None if self.simulated else registry.LISTENHUB_READABLE_ORIGIN
        wire = self._doors.wires[Vendor.LISTENHUB]
        return registry.storage(wire, readable_origin=readable)

    def sheets_allowed(self, provider: Provider) -> bool:
        """Whether a provider takes character sheets: vibegen's images have no roles and would be animated."""
        return PROFILES[provider].first_frame

    async def voice_id(self, request: FilmRequest) -> str:
        """Return the narrator: the request's voice, else the first published one of its language, else any."""
        if request.voice_id is not None:
            return request.voice_id
        spoken = await self.speakers.speakers(request.language.partition("-")[0])
        return (spoken or await self.speakers.speakers())[0].voice_id

    async def download(self, url: str, into: Path) -> None:
        """Fetch a customer's file through the egress guard."""
        await self.egress.download(url, into, size_bytes_max=_BROUGHT_BYTES_MAX)

    @asynccontextmanager
    async def local_copy(self, object_key: str) -> AsyncIterator[Path]:
        """Lend an object as a local file for the length of the block; on a local disk it is the object itself."""
        path = self.objects.local_path(object_key)
        if path is not None:
            yield path
            return
        with TemporaryDirectory(prefix=".copy-", dir=self.work) as folder:
            copy = Path(folder) / Path(object_key).name
            await self.objects.read(object_key, copy)
            yield copy


_open: ContextVar["Studio"] = ContextVar("studio")


@asynccontextmanager
async def shared_studio() -> AsyncIterator[Studio]:
    """Lend the studio this process has open, or open one from the environment for the length of the block."""
    studio = _open.get(None)
    if studio is not None:
        yield studio
        return
    async with open_studio(Settings()) as studio:
        if studio.simulated:
            _LOG.warning("SIMULATED: simulators make the films of this process, no vendor is called.")
        yield studio


@asynccontextmanager
async def open_studio(settings: Settings) -> AsyncIterator[Studio]:
    """Open everything, and close it at the end of the block.

    Raises:
        DatabaseUnusable, StoreUnusable: The books or the store can't be opened.
    """
    async with AsyncExitStack() as stack:
        origin = await _simulators(settings, stack)
        timings = Timings.simulated(settings.time_scale) if settings.simulated else Timings()
        clock = DatabaseClock()
        books = await stack.enter_async_context(open_ledger(settings, clock))
        work = settings.home / "work"
        work.mkdir(exist_ok=True)
        desk = Desk(
            books=books,
            clock=clock,
            objects=Objects(settings.objects_url),
            timings=timings,
            attempts_max=settings.segment_attempts,
            work=work,
            fault=kill_at(settings.crash_at) if settings.crash_at else no_fault,
        )
        doors = await open_doors(settings, timings, origin, stack)
        studio = Studio(settings, desk=desk, doors=doors, claude=await _claude(settings, origin, stack))
        await stack.enter_async_context(studio.keeper.running())
        await stack.enter_async_context(studio.buttons.running())
        stack.push_async_callback(studio.owed.cancel)
        stack.push_async_callback(studio.owed.finish, timeout_s=_OWED_S)
        token = _open.set(studio)
        try:
            yield studio
        finally:
            _open.reset(token)


async def _simulators(settings: Settings, stack: AsyncExitStack) -> str | None:
    """Return the simulators' base URL, started for this process if none was named; None in live mode."""
    if not settings.simulated:
        return None
    if settings.simulators_url:
        return settings.simulators_url.rstrip("/")
    return await stack.enter_async_context(launched(settings.home, time_scale=settings.time_scale))


async def _claude(settings: Settings, origin: str | None, stack: AsyncExitStack) -> tuple[Claude, Claude]:
    key = SIMULATED_KEYS["anthropic"] if origin else settings.anthropic_api_key.get_secret_value()
    connection = Connection(base_url=f"{origin}/anthropic" if origin else settings.anthropic_url, key=key)
    writing = await stack.enter_async_context(registry.writer_claude(connection, model=settings.writer_model))
    judging = await stack.enter_async_context(registry.judge_claude(connection, model=settings.judge_model))
    return writing, judging
