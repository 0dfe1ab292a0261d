"""Language tags: BCP 47 as requests use it, ISO 639-2/T as MP4's media header stores it."""

from typing import Final

UNDETERMINED: Final = "und"

_TABLE: Final = (
    "af:afr am:amh ar:ara az:aze be:bel bg:bul bn:ben bs:bos ca:cat cs:ces cy:cym da:dan de:deu el:ell en:eng "
    "es:spa et:est eu:eus fa:fas fi:fin fil:fil fr:fra ga:gle gl:glg gu:guj he:heb hi:hin hr:hrv hu:hun hy:hye "
    "id:ind is:isl it:ita ja:jpn ka:kat kk:kaz km:khm kn:kan ko:kor lo:lao lt:lit lv:lav mk:mkd ml:mal mn:mon "
    "mr:mar ms:msa my:mya nb:nob ne:nep nl:nld nn:nno no:nor pa:pan pl:pol ps:pus pt:por ro:ron ru:rus si:sin "
    "sk:slk sl:slv sq:sqi sr:srp sv:swe sw:swa ta:tam te:tel th:tha tl:tgl tr:tur uk:ukr ur:urd uz:uzb vi:vie "
    "yue:yue zh:zho cmn:cmn zu:zul"
)
_TERMINOLOGY: Final = dict(pair.split(":") for pair in _TABLE.split())


def iso_639_2(tag: str) -> str:
    """Return the three-letter code of a BCP 47 tag; `und` for one that has none here."""
    primary = tag.strip().lower().replace("_", "-").split("-")[0]
    if primary in _TERMINOLOGY:
        return _TERMINOLOGY[primary]
    return primary if len(primary) == 3 and primary.isascii() and primary.isalpha() else UNDETERMINED
