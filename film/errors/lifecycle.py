"""A film ended otherwise than completed."""

from dataclasses import dataclass

from film.errors.root import LongVideoError


@dataclass(kw_only=True, eq=False)
class FilmEnded(LongVideoError):
    """A film ended otherwise than completed; its credits are settled."""

    film_id: str


@dataclass(kw_only=True, eq=False)
class FilmFailed(FilmEnded):
    """A film failed: `code` is one of the documented error codes, `stage` a status, `segment` an index or None.

    The sentence counts segments from 1, as everything does that people read.
    """

    code: str
    message: str
    stage: str
    segment: int | None = None

    def __str__(self) -> str:
        where = self.stage if self.segment is None else f"{self.stage}, segment {self.segment + 1}"
        return f"{self.film_id} failed in {where} ({self.code}): {self.message}"


class FilmCanceled(FilmEnded):
    """A film was canceled."""

    def __str__(self) -> str:
        return f"{self.film_id} was canceled"
