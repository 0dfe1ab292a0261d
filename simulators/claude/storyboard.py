"""The simulated writer: fills the slots of a film's plan with a storyboard made from the user's own words."""

import re
from typing import Any, Final

from simulators.claude.cast import cast_of
from simulators.claude.phrases import CHINESE, ENGLISH, Phrases

_CHINESE_SIGN = re.compile(r"[\u3400-\u9fff]")
_SENTENCE_END = re.compile(r"[。.!！?？]")
_CLAUSE_END = re.compile(r"[,，。.!！?？;；:：\n]")
_NARRATION_DEFAULT: Final = 40
_PROMPT_DEFAULT: Final = 500
_SUBJECT_MAX: Final = 160


def write_script(order: dict[str, Any]) -> dict[str, Any]:
    """Return title, style, music, characters and one shot a slot.

    Args:
        order: The request's object: `slots` ([{index, seconds, ...}]), `prompt`, `language`; `narration` false wants
            none. `narration_characters_max` and `prompt_characters_max` stand in a slot or beside the slots;
            `style_characters_max`, `look_characters_max` and `characters_per_shot_max` beside them.
    """
    prompt = " ".join(str(order.get("prompt", "")).split()) or "a quiet place"
    phrases = _phrases(str(order.get("language") or ""), prompt)
    slots = [slot for slot in order.get("slots") or [] if isinstance(slot, dict)]
    looks_max = _limit(order, "look_characters_max", _PROMPT_DEFAULT)
    cast = [
        {"id": one["id"], "look": shorten(one["look"], looks_max)}
        for one in cast_of(prompt, chinese=phrases is CHINESE)
    ]
    shown = [one["id"] for one in cast][: _limit(order, "characters_per_shot_max", len(cast))]
    topic = _topic(prompt, phrases)
    teller = _Teller(phrases, topic)
    shots = []
    for place, slot in enumerate(slots):
        picture_max = _limit(slot, "prompt_characters_max", _limit(order, "prompt_characters_max", _PROMPT_DEFAULT))
        spoken = _limit(slot, "narration_characters_max", _limit(order, "narration_characters_max", _NARRATION_DEFAULT))
        spoken_max = 0 if order.get("narration") is False else spoken
        shots.append(
            {
                "index": slot.get("index", place),
                "prompt": _picture(phrases, prompt, topic, place, len(slots), picture_max),
                "character_ids": shown,
                "narration": teller.tell(_phase(place, len(slots)), spoken_max),
            }
        )
    title = topic if phrases is CHINESE else topic[:1].upper() + topic[1:]
    style = shorten(phrases.style, _limit(order, "style_characters_max", _PROMPT_DEFAULT))
    return {"title": title, "style": style, "music": phrases.music, "characters": cast, "shots": shots}


def shorten(text: str, characters_max: int) -> str:
    """Return `text` in at most `characters_max` characters: whole sentences, else whole clauses, else whole words."""
    text = text.strip()
    if len(text) <= characters_max:
        return text
    head = text[:characters_max]
    sentences = [found.end() for found in _SENTENCE_END.finditer(head)]
    ends = sentences or [found.start() for found in _CLAUSE_END.finditer(head)]
    if ends and ends[-1] > 0:
        return head[: ends[-1]].strip()
    return head.rsplit(" ", 1)[0].strip() if " " in head else head


def _phrases(language: str, prompt: str) -> Phrases:
    if language:
        return CHINESE if language.lower().startswith(("zh", "cmn", "yue", "chinese", "中")) else ENGLISH
    return CHINESE if _CHINESE_SIGN.search(prompt) else ENGLISH


#: Words that a topic must not end with.
_DANGLING: Final = frozenset(
    ["a", "an", "the", "in", "on", "at", "of", "and", "or", "to", "with", "for", "by", "from", "is", "are", "as"]
)


def _topic(prompt: str, phrases: Phrases) -> str:
    clause = _CLAUSE_END.split(prompt, maxsplit=1)[0].strip() or prompt
    if phrases is CHINESE and _CHINESE_SIGN.search(clause):
        return clause[:14]
    words = clause[:48].split()[:7]
    while len(words) > 1 and words[-1].lower() in _DANGLING:
        words.pop()
    return " ".join(words)


def _limit(source: dict[str, Any], name: str, default: int) -> int:
    value = source.get(name)
    return value if isinstance(value, int) else default


def _phase(place: int, count: int) -> int:
    """Return 0 for the opening shot, 2 for the closing one, 1 between."""
    if place == 0:
        return 0
    return 2 if place == count - 1 else 1


def _picture(phrases: Phrases, prompt: str, topic: str, place: int, count: int, limit: int) -> str:
    """Return one shot's picture; who plays in it is named by the prompt, and looks are not told again."""
    choices = phrases.pictures[_phase(place, count)]
    light = phrases.lights[place % len(phrases.lights)]
    template = choices[(place + len(prompt)) % len(choices)]
    stop = "。" if phrases is CHINESE else "."
    for subject in (prompt[:_SUBJECT_MAX].rstrip(" ,.;:，。；："), topic):
        picture = template.format(subject=subject, topic=topic, light=light) + stop
        if len(picture) <= limit:
            return picture
    return shorten(picture, limit)


class _Teller:
    """Takes narration from the stock in order, so that a film does not repeat itself sooner than it must."""

    def __init__(self, phrases: Phrases, topic: str) -> None:
        self._phrases = phrases
        self._topic = topic
        self._next = [0, 0, 0]

    def tell(self, phase: int, limit: int) -> str:
        """Return one or more sentences of at most `limit` characters; none where not even the shortest fits."""
        stock = self._phrases.narrations[phase]
        told = ""
        for _ in range(len(stock)):
            sentence = stock[self._next[phase] % len(stock)].format(topic=self._topic)
            longer = f"{told}{self._phrases.space}{sentence}" if told else sentence
            if len(longer) <= limit:
                told = longer
            elif told:
                break
            self._next[phase] += 1
        return told
