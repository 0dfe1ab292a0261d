"""The wire's Video: a film's row as its customer reads it. Costs are exact JSON numbers, times unix seconds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field

from film.canvas import AspectRatio, Resolution
from film.credits import credits_number
from film.profiles import Provider
from film.status import ErrorCode, SegmentState, Status
from film.storyboard import Storyboard
from ledger.database.records import Film, Segment
from ledger.films.queries import FilmDetail, FilmView
from store.links import Links

Credits = Annotated[int | float, Field(description="Credits, exact to a thousandth.", examples=[1650, 1677.5])]
UnixSeconds = Annotated[int, Field(description="Unix seconds.", examples=[1790000000])]


class VideoError(BaseModel):
    """Why a film failed."""

    model_config = ConfigDict(frozen=True)

    code: ErrorCode
    message: str
    stage: Status = Field(description="Where the fault was.")
    segment: int | None = Field(default=None, description="The segment at fault; left out where none is.")


class Video(BaseModel):
    """A film as it stands."""

    model_config = ConfigDict(frozen=True)

    task_id: str = Field(pattern=r"^vid_[0-9a-f]{24}$", examples=["vid_0123456789abcdef01234567"])
    object: Literal["video"]
    status: Status
    awaiting_approval: bool = Field(description="The film waits for `approve`; nothing was bought yet.")
    progress: int = Field(ge=0, le=100, description="Percent; it never falls.")
    shots_done: int
    shots_total: int
    result_url: str | None = Field(description="The film, under a link that lives 7 days and is minted at each read.")
    poster_url: str | None
    subtitles_url: str | None = Field(description="WebVTT; null where subtitles are off.")
    duration: int = Field(description="Seconds, exact to the frame.")
    provider: Provider
    resolution: Resolution
    aspect_ratio: AspectRatio
    prompt: str
    cost_estimate: Credits
    cost_actual: Credits | None = Field(description="What was charged; null until the film has ended.")
    error: VideoError | None = Field(description="Null unless the film failed.")
    metadata: dict[str, str]
    retry_of: str | None = Field(description="The film whose finished segments this one adopted.")
    simulated: bool = Field(description="Made by simulators: no vendor was paid.")
    created_at: UnixSeconds
    updated_at: UnixSeconds
    completed_at: UnixSeconds | None = Field(description="When it ended, however it ended.")


class SegmentView(BaseModel):
    """One segment of a film: what is rendered, and billed, as a piece."""

    model_config = ConfigDict(frozen=True)

    index: int = Field(description="Its place in the film, from 0.")
    status: SegmentState
    seconds: int = Field(description="Seconds the film keeps of it.")
    attempts: int = Field(description="Paid tries so far; the customer pays for one at most.")
    cost: Credits
    cover_url: str | None = Field(default=None, description="A picture of it, where there is one.")
    seam_similarity: float | None = Field(
        default=None, description="How alike both sides of the cut before it are, 1 = the same; chained films only."
    )


class VideoDetail(Video):
    """A film with its segments and what was written for it."""

    segments: list[SegmentView]
    storyboard: Storyboard | None = Field(description="Null until it is written.")


class VideoPage(BaseModel):
    """A page of films."""

    model_config = ConfigDict(frozen=True)

    object: Literal["list"]
    data: list[Video]
    first_id: str | None
    last_id: str | None = Field(description="What the next page's `after` takes.")
    has_more: bool

    @classmethod
    def of(cls, data: Sequence[Video], *, has_more: bool) -> Self:
        """Return the page that holds `data`."""
        ids = [one.task_id for one in data]
        first, last = (ids[0], ids[-1]) if ids else (None, None)
        return cls(object="list", data=list(data), first_id=first, last_id=last, has_more=has_more)


@dataclass(frozen=True, slots=True, kw_only=True)
class Urls:
    """Where a film's files can be read; all None until there are any."""

    result: str | None = None
    poster: str | None = None
    subtitles: str | None = None
    #: A segment's cover, by its index.
    covers: Mapping[int, str] = field(default_factory=dict)


async def urls_of(film: Film, links: Links) -> Urls:
    """Return fresh links to a film's files.

    Raises:
        StoreUnavailable: The store can't sign.
    """
    if film.result is None:
        return Urls()
    vtt = film.result.vtt
    return Urls(
        result=await links.link(film.result.film),
        poster=await links.link(film.result.poster),
        subtitles=None if vtt is None else await links.link(vtt),
    )


async def linked_video(view: FilmView, links: Links) -> Video:
    """Return a film as the wire tells it, with fresh links."""
    return video_of(view, Urls() if view.deleted else await urls_of(view.film, links))


async def linked_detail(detail: FilmDetail, links: Links) -> VideoDetail:
    """Return a film with its segments as the wire tells it, with fresh links."""
    urls = await urls_of(detail.view.film, links)
    covers = {one.index: await links.link(one.cover_key) for one in detail.segments if one.cover_key is not None}
    return detail_of(detail, replace(urls, covers=covers))


def video_of(view: FilmView, urls: Urls) -> Video:
    """Return a film as the wire tells it."""
    film = view.film
    request = film.request
    error = film.error if film.status is Status.FAILED else None
    return Video(
        task_id=film.id,
        object="video",
        status=film.status,
        awaiting_approval=film.awaiting_approval,
        progress=film.progress,
        shots_done=view.shots_done,
        shots_total=view.shots_total,
        result_url=urls.result,
        poster_url=urls.poster,
        subtitles_url=urls.subtitles,
        duration=request.duration,
        provider=request.provider,
        resolution=request.resolution,
        aspect_ratio=request.aspect_ratio,
        prompt=request.prompt,
        cost_estimate=credits_number(film.cost_estimate_mc),
        cost_actual=None if film.cost_actual_mc is None else credits_number(film.cost_actual_mc),
        error=None if error is None else VideoError.model_validate(error.as_json()),
        metadata=dict(request.metadata),
        retry_of=film.retry_of,
        simulated=film.simulated,
        created_at=film.created_at_ms // 1000,
        updated_at=film.updated_at_ms // 1000,
        completed_at=None if film.completed_at_ms is None else film.completed_at_ms // 1000,
    )


def detail_of(detail: FilmDetail, urls: Urls) -> VideoDetail:
    """Return a film with its segments as the wire tells it."""
    segments = [_segment(segment, detail.tries.get(segment.index, 0), urls) for segment in detail.segments]
    storyboard = detail.view.film.storyboard
    return VideoDetail.model_construct(**dict(video_of(detail.view, urls)), segments=segments, storyboard=storyboard)


def _segment(segment: Segment, tries: int, urls: Urls) -> SegmentView:
    optional = {"cover_url": urls.covers.get(segment.index), "seam_similarity": segment.seam_similarity}
    return SegmentView.model_validate(
        {
            "index": segment.index,
            "status": segment.state,
            "seconds": segment.kept_s,
            "attempts": tries,
            "cost": _cost(segment.price_mc, segment.state, adopted=segment.hold is None),
            # What isn't there is left out, not null.
            **{name: value for name, value in optional.items() if value is not None},
        }
    )


def _cost(price_mc: int, state: SegmentState, *, adopted: bool) -> int | float:
    """Return what a segment cost: nothing until it is ready, nothing where another film has paid for it."""
    return 0 if adopted or state is not SegmentState.READY else credits_number(price_mc)
