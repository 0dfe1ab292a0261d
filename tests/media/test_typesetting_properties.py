"""Line breaking by property: whatever is said, in whatever mixture of scripts, the rules hold and nothing is lost."""

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from film.cues import Cue
from media.text.subtitles import captions
from media.text.typesetting import line_limit, lines, width

CLOSING = "，。！？；：、）】》」』”’…,.!?;:)]}"
OPENING = "（【《「『“‘([{"
#: Words of one script each, with a mark before or behind now and then; runs of marks alone are no language.
WORDS = st.one_of(
    st.text(alphabet="春眠不觉晓处处闻啼鸟夜来风雨声花落知多少", min_size=1, max_size=12),
    st.text(alphabet="abcdefghijklmnopqrstuvwxyzÄéñ", min_size=1, max_size=14),
    st.text(alphabet="אבגדהוזחטיכלמנסעפצקרשת", min_size=1, max_size=9),
    st.text(alphabet="あいうえおっゃーアイウ", min_size=1, max_size=8),
    st.from_regex(r"[0-9]{1,6}(\.[0-9]{2})?", fullmatch=True),
)
MARKED = st.tuples(st.sampled_from(["", "", "", *OPENING]), WORDS, st.sampled_from(["", "", *CLOSING, "。”", "?!"]))
TEXTS = st.lists(MARKED.map("".join), min_size=1, max_size=30).flatmap(
    lambda words: st.sampled_from([" ", ""]).map(lambda gap: gap.join(words))
)
LANGUAGES = st.sampled_from(["zh-CN", "en", "ja", "he", "und", ""])


@settings(max_examples=200, deadline=None)
@given(text=TEXTS, language=LANGUAGES)
def test_lines_keep_the_rules(text: str, language: str) -> None:
    rows = lines(text, language)
    assert "".join("".join(rows).split()) == "".join(text.split())
    limit = line_limit(text, language)
    for row in rows:
        assert 0 < width(row) <= limit
        assert row == row.strip()
    for before, after in pairwise(rows):
        assert after[0] not in CLOSING, rows
        assert before[-1] not in OPENING, rows


@settings(max_examples=100, deadline=None)
@given(text=TEXTS, start=st.integers(0, 180 * 48_000), length=st.integers(24_000, 480_000))
def test_captions_cover_their_cue_without_gap_or_overlap(text: str, start: int, length: int) -> None:
    cue = Cue(segment=0, text=text, start_sample=start, end_sample=start + length)
    shown = captions([cue], language="zh")
    edges = [shown[0].start_sample, *(caption.end_sample for caption in shown)]
    assert edges[0] == start
    assert edges[-1] == start + length
    assert [caption.start_sample for caption in shown] == edges[:-1]
    assert edges == sorted(set(edges))
    assert all(1 <= len(caption.rows) <= 2 for caption in shown)
