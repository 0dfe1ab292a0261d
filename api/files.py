"""Stored files of a store on this machine's disk, under signed links that end; Range for players that seek."""

from pathlib import Path
from typing import Annotated, Final

from fastapi import APIRouter, Request
from fastapi import Path as PathField
from fastapi.responses import FileResponse
from starlette.exceptions import HTTPException

from api.deps import HasDeps
from api.openapi import errors

router: Final = APIRouter(tags=["films"])

_TYPES: Final = {
    ".mp4": "video/mp4",
    ".jpg": "image/jpeg",
    ".png": "image/png",
    ".vtt": "text/vtt; charset=utf-8",
    ".srt": "application/x-subrip; charset=utf-8",
    ".json": "application/json",
    ".mp3": "audio/mpeg",
}
_BYTES: Final = {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}


def _as_minted(request: Request, path: str) -> bool:
    """Return whether a file is asked for at its one address: another spelling of it would be cached as another file."""
    return bool(request.scope["raw_path"] == path.encode() and not request.scope["query_string"])


@router.api_route(
    "/files/{expires}/{mac}/{key:path}",
    methods=["GET", "HEAD"],
    response_class=FileResponse,
    responses={**errors(404, key=False), 200: {"content": _BYTES}, 206: {"content": _BYTES, "description": "A range."}},
    include_in_schema=False,
)
async def get_file(
    request: Request, deps: HasDeps, expires: Annotated[str, PathField()], mac: str, key: str
) -> FileResponse:
    """Return a stored file to whoever has a link to it that is not past its end."""
    path = deps.links.objects.local_path(key)
    known = expires.isascii() and expires.isdigit() and len(expires) < 12
    if (
        path is None
        or not known
        or not deps.links.allows(key, expires=int(expires), mac=mac)
        or not _as_minted(request, deps.links.path(key, expires=int(expires)))
        or not path.is_file()
    ):
        raise HTTPException(404, "There is no such file, or its link has ended.")
    return FileResponse(
        path,
        media_type=_TYPES.get(Path(key).suffix, "application/octet-stream"),
        filename=Path(key).name,
        content_disposition_type="inline",
        # The address is made of the file's content and its own end.
        headers={"Cache-Control": "private, max-age=3600", "Access-Control-Allow-Origin": "*"},
    )
