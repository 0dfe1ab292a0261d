"""H.264 as it lies in MP4: parameter sets in `avcC` (ISO/IEC 14496-15, 5.3.3.1) and the kinds of NAL units."""

import struct
from dataclasses import dataclass
from typing import Final

IDR: Final = 5
PARAMETER_SETS: Final = (7, 8, 13, 15)
#: Profiles whose avcC ends with the chroma format: High and its kin.
_HIGH: Final = (100, 110, 122, 144)


@dataclass(frozen=True, slots=True, kw_only=True)
class ParameterSets:
    """What an `avcC` box holds. A NAL unit's length takes four bytes in everything this room lets through."""

    profile: int
    compatibility: int
    level: int
    sequence: tuple[bytes, ...]
    picture: tuple[bytes, ...]
    #: What follows the sets in the High profiles.
    rest: bytes


def read_avcc(data: bytes) -> ParameterSets | None:
    """Return the parameter sets of an `avcC`, or None if it isn't one with four-byte lengths."""
    if len(data) < 7 or data[0] != 1 or data[4] & 3 != 3:
        return None
    try:
        sequence, at = _sets(data, 6, data[5] & 31)
        picture, at = _sets(data, at + 1, data[at])
    except (IndexError, struct.error):
        return None
    return ParameterSets(
        profile=data[1],
        compatibility=data[2],
        level=data[3],
        sequence=sequence,
        picture=picture,
        rest=data[at:] if data[1] in _HIGH else b"",
    )


def write_avcc(first: ParameterSets, second: ParameterSets) -> bytes:
    """Return an `avcC` that holds the sets of both; profile and level are the first one's."""
    head = bytes((1, first.profile, first.compatibility, first.level, 0xFF))
    sequence, picture = first.sequence + second.sequence, first.picture + second.picture
    return (
        head
        + bytes((0xE0 | len(sequence),))
        + b"".join(struct.pack(">H", len(unit)) + unit for unit in sequence)
        + bytes((len(picture),))
        + b"".join(struct.pack(">H", len(unit)) + unit for unit in picture)
        + first.rest
    )


def set_ids(sets: ParameterSets) -> tuple[frozenset[int], frozenset[int]]:
    """Return the ids of the sequence sets and of the picture sets (ITU-T H.264, 7.3.2.1.1 and 7.3.2.2)."""
    return (
        frozenset(_first_number(unit[4:]) for unit in sets.sequence),
        frozenset(_first_number(unit[1:]) for unit in sets.picture),
    )


def unit_kinds(packet: bytes) -> tuple[int, ...]:
    """Return the types of the NAL units in one packet, in order; what is cut short has none."""
    kinds: list[int] = []
    at = 0
    while at + 5 <= len(packet):
        kinds.append(packet[at + 4] & 31)
        at += 4 + int(struct.unpack_from(">I", packet, at)[0])
    return tuple(kinds)


def _sets(data: bytes, at: int, count: int) -> tuple[tuple[bytes, ...], int]:
    found = []
    for _ in range(count):
        size = struct.unpack_from(">H", data, at)[0]
        found.append(data[at + 2 : at + 2 + size])
        at += 2 + size
    return tuple(found), at


def _first_number(payload: bytes) -> int:
    # Exp-Golomb; the numbers read here are tiny, so no emulation byte can stand before their end.
    bits = "".join(f"{byte:08b}" for byte in payload[:8])
    zeros = len(bits) - len(bits.lstrip("0"))
    return int(bits[zeros : 2 * zeros + 1] or "1", 2) - 1
