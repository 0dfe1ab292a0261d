"""MP4 boxes by their bytes (ISO/IEC 14496-12): what no library tells without opening a decoder."""

import hashlib
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from film.errors import DeliverableRejected

_HEADER: Final = 8
#: A moov larger than this is none of ours.
_MOOV_LIMIT_BYTES: Final = 64 * 2**20


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """A box: its four letters, where it starts in its file or parent, and its size with the header, in bytes."""

    name: str
    offset: int
    size_bytes: int
    header_bytes: int


def top_boxes(path: Path) -> tuple[Box, ...]:
    """Return a file's outermost boxes in order.

    Raises:
        DeliverableRejected: Its bytes are no sequence of boxes.
    """
    end = path.stat().st_size
    boxes: list[Box] = []
    with path.open("rb") as file:
        offset = 0
        while offset < end:
            file.seek(offset)
            box = _box(file.read(16), offset, end)
            boxes.append(box)
            offset += box.size_bytes
    return tuple(boxes)


def sample_description(path: Path) -> str:
    """Return the SHA-256 of the first video track's `avcC` or `hvcC` box: equal ones may be joined by copy.

    Raises:
        DeliverableRejected: The file has no such box.
    """
    with path.open("rb") as file:
        moov = _moov(file, top_boxes(path))
    for trak in _children(moov, "trak"):
        for stsd in _descend(trak, ("mdia", "minf", "stbl", "stsd")):
            for name in (b"avcC", b"hvcC"):
                at = stsd.find(name)
                if at >= 4:
                    size = struct.unpack(">I", stsd[at - 4 : at])[0]
                    return hashlib.sha256(stsd[at - 4 : at - 4 + size]).hexdigest()
    raise DeliverableRejected(check="sample description", expected="avcC or hvcC", found="neither")


def colours(path: Path) -> tuple[int, int, int, bool] | None:
    """Return the first `colr` box of the kind `nclx`: primaries, transfer, matrix, full range; None without one.

    Raises:
        DeliverableRejected: Its bytes are no sequence of boxes.
    """
    with path.open("rb") as file:
        moov = _moov(file, top_boxes(path))
    for trak in _children(moov, "trak"):
        for stsd in _descend(trak, ("mdia", "minf", "stbl", "stsd")):
            at = stsd.find(b"colrnclx")
            if at >= 4 and len(stsd) >= at + 15:
                primaries, transfer, matrix = struct.unpack(">HHH", stsd[at + 8 : at + 14])
                return primaries, transfer, matrix, bool(stsd[at + 14] & 0x80)
    return None


def _moov(file: BinaryIO, boxes: tuple[Box, ...]) -> bytes:
    for box in boxes:
        if box.name == "moov" and box.size_bytes <= _MOOV_LIMIT_BYTES:
            file.seek(box.offset + box.header_bytes)
            return file.read(box.size_bytes - box.header_bytes)
    raise DeliverableRejected(check="boxes", expected="one moov", found=" ".join(box.name for box in boxes))


def _descend(data: bytes, names: tuple[str, ...]) -> Iterator[bytes]:
    if not names:
        yield data
        return
    for child in _children(data, names[0]):
        yield from _descend(child, names[1:])


def _children(data: bytes, name: str) -> Iterator[bytes]:
    offset = 0
    while offset + _HEADER <= len(data):
        box = _box(data[offset : offset + 16], offset, len(data))
        if box.name == name:
            yield data[offset + box.header_bytes : offset + box.size_bytes]
        offset += box.size_bytes


def _box(head: bytes, offset: int, end: int) -> Box:
    if len(head) < _HEADER:
        raise DeliverableRejected(check="boxes", expected="whole boxes", found=f"{len(head)} bytes at {offset}")
    size, header = struct.unpack(">I", head[:4])[0], _HEADER
    if size == 1 and len(head) >= 16:
        size, header = struct.unpack(">Q", head[8:16])[0], 16
    elif size == 0:  # to the end of the file
        size = end - offset
    if size < header or offset + size > end:
        raise DeliverableRejected(check="boxes", expected="boxes inside the file", found=f"{size} bytes at {offset}")
    return Box(name=head[4:8].decode("latin-1"), offset=offset, size_bytes=size, header_bytes=header)
