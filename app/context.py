"""The composition root: the environment's settings become an open database, a store, vendors and their rate limits."""

import logging
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from contextvars import ContextVar
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from app import catalog
from app.cancel_watch import CancelWatcher
from app.catalog import Model
from app.failpoints import kill_at_failpoint
from app.lease_heartbeat import LeaseHeartbeat
from app.lease_owner import is_dead_local_process, new_owner_id
from app.ledger import open_ledger
from app.links import file_links
from app.secret import load_secret
from app.settings import Settings
from app.vendors import VendorConnections, connect_vendors
from film.callbacks import CallbackAddress
from film.clock import Clock
from film.profiles import PROFILES, Provider, Vendor
from film.request import FilmRequest
from ledger.database.clock import DatabaseClock
from ledger.database.engine import Database
from ledger.leases import LeaseOwner
from ledger.purchases.rate_limit import RateLimit
from providers import registry
from providers.anthropic.client import Claude
from providers.http.clients import Connection
from providers.http.egress import Egress
from providers.ports import Account, JobVendor, Storage, Voices
from purchasing.context import MeteredVendor, PurchaseContext, no_failpoint
from purchasing.timings import Timings
from runtime.task_set import TaskSet
from simulators.launch import SIMULATED_KEYS, launched
from store.objects import Objects

_LOG: Final = logging.getLogger("longvideo.app")
#: The most bytes of a customer's image or music.
_UPLOAD_BYTES_MAX: Final = 50 * 2**20
#: What the process's end waits for words that Prefect is still owed.
_OWED_S: Final = 10.0


class AppContext:
    """Everything a film is made with, opened once a process; plain attributes, no environment behind them."""

    def __init__(
        self,
        settings: Settings,
        *,
        purchasing: PurchaseContext,
        vendors: VendorConnections,
        claude: tuple[Claude, Claude],
    ) -> None:
        self.settings = settings
        self.purchasing = purchasing
        writing, judging = claude
        self.writer = registry.writer(writing)
        self.judge = registry.judge(judging)
        #: The operator's accounts, by vendor; what is asked there costs nothing.
        self.accounts: Mapping[str, Account] = {
            **{vendor.value: registry.account(vendor, client) for vendor, client in vendors.clients.items()},
            "anthropic": writing,
        }
        self.owner_id = new_owner_id()
        self.links = file_links(settings, purchasing.objects, purchasing.clock)
        self.heartbeat = LeaseHeartbeat(purchasing.database, purchasing.clock, purchasing.timings)
        self.cancel_watcher = CancelWatcher(purchasing.database)
        #: What could not be shown in time and is shown later.
        self.owed = TaskSet("what Prefect is owed")
        self._vendors = vendors
        self.image_vendor = self.metered(catalog.IMAGES)
        self.voice_vendor = self.metered(catalog.VOICE)

    @property
    def database(self) -> Database:
        """The ledger."""
        return self.purchasing.database

    @property
    def clock(self) -> Clock:
        """The time."""
        return self.purchasing.clock

    @property
    def objects(self) -> Objects:
        """The store."""
        return self.purchasing.objects

    @property
    def timings(self) -> Timings:
        """How long this program waits."""
        return self.purchasing.timings

    @property
    def lease_owner(self) -> LeaseOwner:
        """This process as the lease owner of the films it orders for itself."""
        return LeaseOwner(owner=self.owner_id, lease_s=self.timings.lease_s)

    @property
    def work_dir(self) -> Path:
        """Folder of this machine's work files; all of them can be made again."""
        return self.purchasing.work_dir

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
        return self._vendors.egress

    @property
    def speakers(self) -> Voices:
        """Who lists the narrators."""
        return registry.speakers(self._vendors.clients[Vendor.LISTENHUB])

    def video_vendor(self, provider: Provider) -> MeteredVendor:
        """Return who renders a provider's segments, behind its rate limit."""
        return self.metered(catalog.VIDEO_MODELS[provider])

    def metered(self, model: Model) -> MeteredVendor:
        """Return who sells a model, behind the model's gate."""
        adapter = self._seller(model)
        has_callbacks = model.calls_back and bool(self.settings.public_url)
        return self._vendors.metered(model, adapter, submits=model.submits(self.settings), has_callbacks=has_callbacks)

    def _seller(self, model: Model) -> JobVendor[Any]:
        client = self._vendors.clients[model.vendor]
        if model.provider is not None:
            return registry.video_vendor(model.provider, client, callbacks=self._callbacks())
        return registry.voice_vendor(client) if model is catalog.VOICE else registry.image_vendor(client)

    def rate_limit_of(self, provider: Provider) -> RateLimit:
        """Return how often a provider's segments may be ordered."""
        return self.video_vendor(provider).rate_limit

    def is_dead(self, owner: str) -> bool:
        """Whether an owner is known to be gone: its lease needn't lapse first."""
        return is_dead_local_process(owner)

    def _callbacks(self) -> CallbackAddress | None:
        url = self.settings.public_url
        return CallbackAddress(public_url=url, secret=load_secret(self.settings)) if url else None

    def vendor_for_attempt(self, vendor: str, model_name: str) -> MeteredVendor | None:
        """Return who made a job, by the names its attempt froze; None if this installation no longer knows them."""
        known = (model for model in catalog.MODELS if (model.vendor, model.model) == (vendor, model_name))
        found = next(known, None)
        return None if found is None else self.metered(found)

    def clock_ahead_s(self, vendor: Vendor) -> float:
        """Return how far a vendor's clock was ahead of this machine's at its last answer, in seconds."""
        return self._vendors.clients[vendor].clock_ahead_s

    def storage(self) -> Storage:
        """Return where a provider reads files of ours."""
        readable = None if self.simulated else registry.LISTENHUB_READABLE_ORIGIN
        client = self._vendors.clients[Vendor.LISTENHUB]
        return registry.storage(client, readable_origin=readable)

    def supports_character_sheets(self, provider: Provider) -> bool:
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
        await self.egress.download(url, into, size_bytes_max=_UPLOAD_BYTES_MAX)

    @asynccontextmanager
    async def local_copy(self, object_key: str) -> AsyncIterator[Path]:
        """Lend an object as a local file for the length of the block; on a local disk it is the object itself."""
        path = self.objects.local_path(object_key)
        if path is not None:
            yield path
            return
        with TemporaryDirectory(prefix=".copy-", dir=self.work_dir) as folder:
            copy = Path(folder) / Path(object_key).name
            await self.objects.read(object_key, copy)
            yield copy


_open: ContextVar["AppContext"] = ContextVar("context")


@asynccontextmanager
async def shared_context() -> AsyncIterator[AppContext]:
    """Lend the app context this process has open, or open one from the environment for the length of the block."""
    ctx = _open.get(None)
    if ctx is not None:
        yield ctx
        return
    async with open_context(Settings()) as ctx:
        if ctx.simulated:
            _LOG.warning("SIMULATED: simulators make the films of this process, no vendor is called.")
        yield ctx


@asynccontextmanager
async def open_context(settings: Settings) -> AsyncIterator[AppContext]:
    """Open everything, and close it at the end of the block.

    Raises:
        DatabaseUnavailable, StoreUnavailable: The ledger or the store can't be opened.
    """
    async with AsyncExitStack() as stack:
        origin = await _simulators(settings, stack)
        timings = Timings.simulated(settings.time_scale) if settings.simulated else Timings()
        clock = DatabaseClock()
        database = await stack.enter_async_context(open_ledger(settings, clock))
        work = settings.home / "work"
        work.mkdir(exist_ok=True)
        purchasing = PurchaseContext(
            database=database,
            clock=clock,
            objects=Objects(settings.objects_url),
            timings=timings,
            attempts_max=settings.segment_attempts,
            work_dir=work,
            failpoint=kill_at_failpoint(settings.crash_at) if settings.crash_at else no_failpoint,
        )
        vendors = await connect_vendors(settings, timings, origin, stack)
        ctx = AppContext(
            settings, purchasing=purchasing, vendors=vendors, claude=await _claude(settings, origin, stack)
        )
        await stack.enter_async_context(ctx.heartbeat.running())
        await stack.enter_async_context(ctx.cancel_watcher.running())
        stack.push_async_callback(ctx.owed.cancel)
        stack.push_async_callback(ctx.owed.finish, timeout_s=_OWED_S)
        token = _open.set(ctx)
        try:
            yield ctx
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
