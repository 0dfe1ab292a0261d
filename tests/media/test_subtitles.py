"""Subtitles: lines broken by rule, one list of captions behind SRT, VTT and ASS, times from the narration."""

import re

import pytest

from film.canvas import Canvas
from film.cues import Cue
from film.errors import GlyphMissing
from media.text.glyphs import drawable, require_glyphs
from media.text.languages import iso_639_2
from media.text.subtitles import ass, captions, srt, vtt
from media.text.typesetting import CJK_LINE, LATIN_LINE, lines, width

CLOSING = "，。！？；：、）】》」』”’…,.!?;:)]}"
OPENING = "（【《「『“‘([{"

TEXTS = {
    # short ones stay on one line
    "short": ("zh-CN", "城市清晨", ("城市清晨",)),
    # 20 characters: even lines rather than 18 + 2
    "two even lines": ("zh", "天色渐渐亮起来城市从沉睡中慢慢地醒来了", ("天色渐渐亮起来城市", "从沉睡中慢慢地醒来了")),
    # the break goes behind the comma
    "pause": ("zh", "薄雾笼罩着安静的江面上，第一缕阳光照亮高楼", ("薄雾笼罩着安静的江面上，", "第一缕阳光照亮高楼")),
    # Latin words stay whole
    "english": (
        "en",
        "The first light touches the towers while the city below is still asleep",
        ("The first light touches the towers", "while the city below is still asleep"),
    ),
    # a pause is worth an uneven line
    "pause before evenness": (
        "zh",
        "清晨的第一缕阳光照亮了江边的高楼，薄雾在水面上慢慢散开。",
        ("清晨的第一缕阳光照亮了江边的高楼，", "薄雾在水面上慢慢散开。"),
    ),
    # Japanese: no break inside a word and its ending
    "japanese": (
        "ja",
        "人々はそれぞれの一日を始めていく。街は朝の光の中で目を覚ます。",
        ("人々はそれぞれの一日を始めていく。", "街は朝の光の中で目を覚ます。"),
    ),
    "japanese without a pause": (
        "ja",
        "静かな街を照らす朝の光が川の上をゆっくりと流れていきます",
        ("静かな街を照らす朝の光が川の", "上をゆっくりと流れていきます"),
    ),
    # Korean: breaks at blanks only
    "korean": (
        "ko",
        "도시의 아침이 천천히 밝아오고 사람들은 하루를 시작합니다.",
        ("도시의 아침이 천천히 밝아오고", "사람들은 하루를 시작합니다."),
    ),
    # right to left: logical order, nothing added
    "arabic": ("ar", "صباح الخير يا مدينة", ("صباح الخير يا مدينة",)),
    "nothing": ("zh", "  \n ", ()),
}


@pytest.mark.parametrize("name", TEXTS)
def test_a_text_breaks_where_a_reader_would_breathe(name: str) -> None:
    language, text, expected = TEXTS[name]
    assert lines(text, language) == expected


HARD = {
    "punctuation everywhere": ("zh", "“春眠不觉晓，处处闻啼鸟。”（孟浩然《春晓》）“夜来风雨声，花落知多少？”……" * 3),
    "mixed scripts": ("zh", "使用LongVideo可以把一句prompt变成180秒的film，每一帧都exact，绝不多付一次credit！" * 2),
    "one long word": ("en", "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft ja"),
    "korean": ("ko", "도시의 아침이 천천히 밝아오고 사람들은 하루를 시작합니다. 강 위에는 안개가 흐릅니다."),
    "japanese": ("ja", "朝の光がゆっくりと街を照らし、人々はそれぞれの一日を始めていく。ちょっと待って、コーヒーを。"),
    "hebrew": ("he", "בוקר טוב לעיר הגדולה, השמש זורחת מעל הנהר והרחובות מתמלאים באנשים שממהרים לעבודה"),
    "thai": ("th", "แสงแรกของวันสาดส่องลงบนตึกสูงในขณะที่เมืองด้านล่างยังคงหลับใหลอยู่อย่างเงียบสงบ"),
    "hindi": ("hi", "सुबह की पहली किरण ऊँची इमारतों को छूती है जबकि नीचे का शहर अभी भी सो रहा है और नदी शांत है"),
}


@pytest.mark.parametrize("name", HARD)
def test_every_line_keeps_the_rules(name: str) -> None:
    language, text = HARD[name]
    limit = CJK_LINE if language in ("zh", "ja", "ko") else LATIN_LINE
    rows = lines(text, language)
    assert len(rows) > 1
    for row in rows:
        assert 0 < width(row) <= limit, row
        assert row[0] not in CLOSING, row
        assert row[-1] not in OPENING, row
    assert "".join("".join(rows).split()) == "".join(text.split())


def test_eighteen_characters_fit_and_nineteen_do_not() -> None:
    assert lines("字" * 18, "zh") == ("字" * 18,)
    assert len(lines("字" * 19, "zh")) == 2


def cue(text: str, start_s: float, end_s: float) -> Cue:
    return Cue(segment=0, text=text, start_sample=round(start_s * 48_000), end_sample=round(end_s * 48_000))


LONG = (
    "清晨的第一缕阳光照亮了江边的高楼，薄雾在水面上慢慢散开。"
    "早起的人们沿着江岸奔跑，渡轮拉响了今天的第一声汽笛，城市醒来了。"
)
CUES = [cue("你好，<世界> & {x}", 0.5, 2.0), cue(LONG, 2.5, 9.7), cue("再见", 10, 3661.25)]


def test_a_long_cue_becomes_consecutive_captions_of_two_lines() -> None:
    shown = captions([CUES[1]], language="zh")
    assert len(shown) == 2
    assert all(len(caption.rows) <= 2 for caption in shown)
    assert (shown[0].start_sample, shown[-1].end_sample) == (120_000, 465_600)
    assert shown[0].end_sample == shown[1].start_sample
    shares = [sum(map(width, caption.rows)) for caption in shown]
    spans = [caption.end_sample - caption.start_sample for caption in shown]
    assert spans[0] / spans[1] == pytest.approx(shares[0] / shares[1], rel=0.01)


def times(text: str) -> list[str]:
    return [line.replace(",", ".") for line in text.splitlines() if "-->" in line]


def test_srt_and_vtt_tell_the_same() -> None:
    first, second = srt(CUES, language="zh-CN"), vtt(CUES, language="zh-CN")
    assert second.startswith("WEBVTT\n\n")
    assert times(first) == times(second)
    assert times(first)[0] == "00:00:00.500 --> 00:00:02.000"
    assert times(first)[-1] == "00:00:10.000 --> 01:01:01.250"
    assert re.findall(r"^\d+$", first, re.MULTILINE) == ["1", "2", "3", "4"]


def test_markup_in_a_text_stays_text() -> None:
    assert "＜世界＞ & ｛x｝" in srt(CUES, language="zh")
    assert "&lt;世界&gt; &amp; {x}" in vtt(CUES, language="zh")
    burned = ass(CUES, language="zh", canvas=Canvas(width=1280, height=720), start_sample=0, samples=480_000)
    assert "<世界> & ｛x｝" in burned


def test_no_cue_is_an_empty_file() -> None:
    assert srt([], language="zh") == ""
    assert vtt([], language="zh") == "WEBVTT\n"
    assert ass([], language="zh", canvas=Canvas(width=1280, height=720), start_sample=0, samples=48_000) == ""


def test_burned_captions_are_counted_from_their_parts_beginning() -> None:
    """A part of 4 s that begins at 8 s of the film: the second cue's end and the third one's beginning fall into it."""
    canvas = Canvas(width=1280, height=720)
    burned = ass(CUES, language="zh", canvas=canvas, start_sample=8 * 48_000, samples=4 * 48_000, notice="AI 生成")
    spans = re.findall(r"^Dialogue: 0,([\d:.]+),([\d:.]+),(\w+),", burned, re.MULTILINE)
    assert spans == [
        ("0:00:00.00", "0:00:01.70", "Words"),
        ("0:00:02.00", "0:00:04.00", "Words"),
        ("0:00:00.00", "0:00:04.00", "Notice"),
    ]


@pytest.mark.parametrize(
    ("tag", "code"),
    [
        ("zh-CN", "zho"),
        ("zh-Hant-TW", "zho"),
        ("en", "eng"),
        ("pt_BR", "por"),
        ("ja-JP", "jpn"),
        ("fil", "fil"),
        ("und", "und"),
        # not a language at all
        ("x", "und"),
        ("", "und"),
    ],
)
def test_a_language_tag_has_its_code_in_mp4(tag: str, code: str) -> None:
    assert iso_639_2(tag) == code


def test_a_missing_glyph_is_named_before_anything_is_burned() -> None:
    require_glyphs("城市 City, 2026！“光”\n")
    with pytest.raises(GlyphMissing) as caught:
        require_glyphs("城市🚀と𓀀")
    assert set(caught.value.characters) == {"🚀", "𓀀"}
    assert drawable("a🚀b") == "ab"
