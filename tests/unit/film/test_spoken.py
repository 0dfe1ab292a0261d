"""What is bought and captioned of a written line: its words, nothing that was written for somebody else."""

import pytest

from film.spoken import said, speaks

LINES = {
    # nothing to say
    ("……", "zh"): "",
    ("---", "en"): "",
    ("♪", "en"): "",
    ("🎬 🚀", "en"): "",
    ("[pause]", "en"): "",
    ("(silence)", "en"): "",
    ("（停顿）", "zh"): "",
    # plain lines stay as they are, to the sign
    ("The lamp is lit.", "en"): "The lamp is lit.",
    ("灯亮了——她笑了……", "zh"): "灯亮了——她笑了……",
    ("It's 5 o'clock; the well-known man_of_war sails…", "en"): "It's 5 o'clock; the well-known man_of_war sails…",
    ("The lamp (an old one) is lit.", "en"): "The lamp (an old one) is lit.",
    ("Well. (That was all.)", "en"): "Well. (That was all.)",
    ("2 * 3 * 4", "en"): "2 * 3 * 4",
    # directions and markup
    ("(whispering) The lamp is lit. [pause] **Look!**", "en"): "The lamp is lit. Look!",
    ("（低声）灯亮了。【停顿】看！", "zh"): "灯亮了。看！",
    ("Narrator: The lamp is lit.", "en"): "The lamp is lit.",
    ("旁白：灯亮了。", "zh"): "灯亮了。",
    ("# The lamp\n*is* `lit` <b>now</b>.", "en"): "The lamp is lit now.",
    ("Look [here](https://example.com/x) now", "en"): "Look here now",
    ("♪ La la ♪ she sings 🎵", "en"): "La la she sings",
    # addresses
    ("Go to https://www.example.com/a/b?c=1.", "en"): "Go to example.com.",
    ("访问 https://example.cn/路，看看", "zh"): "访问 example.cn，看看",
    # numbers and signs
    ("It is 50% full", "en"): "It is 50 percent full",
    ("Only 3.5 % more", "en"): "Only 3.5 percent more",
    ("已经50%了", "zh"): "已经百分之五十了",
    ("涨了3.05％", "zh-CN"): "涨了百分之三点零五",
    ("共105%", "zh"): "共百分之一百零五",
    ("达10%，12%和1010%", "zh"): "达百分之十，百分之十二和百分之一千零一十",
    ("1,200% more", "en"): "1,200 percent more",
    ("增长1,200%", "zh"): "增长百分之一千二百",
    ("增长12000%", "zh"): "增长百分之12000",
    ("-5°C at noon", "en"): "minus 5 degrees Celsius at noon",
    ("气温-5℃", "zh"): "气温零下5摄氏度",
    ("It costs $50 & more", "en"): "It costs 50 dollars and more",
    ("只要¥50", "zh"): "只要50元",
    ("50% voll", "de"): "50% voll",
}


@pytest.mark.parametrize(("line", "language"), LINES)
def test_a_line_is_said_as_words(line: str, language: str) -> None:
    """Said again, it is the same: what an earlier run stored changes no more."""
    wanted = LINES[line, language]
    assert said(line, language) == wanted
    assert said(wanted, language) == wanted
    assert speaks(wanted) == bool(wanted)


def test_a_line_speaks_in_any_script() -> None:
    assert all(speaks(line) for line in ("a", "7", "灯", "नमस्ते", "مرحبا", "…a…"))
    assert not any(speaks(line) for line in ("", " ", "……", "♪", "---", "？！", "🙂"))
