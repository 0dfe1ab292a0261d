"""The simulated speakers: the two of the voice document's examples, and some more in other languages.

`voice` is the synthesiser's name for language and timbre.
"""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class Speaker:
    """One entry of `GET /v1/speakers/list`; `official` marks a voice_type of the model's maker (mode LV9)."""

    id: str
    name: str
    language: str
    gender: str
    voice: str
    pitch: int = 50
    profile: str = ""
    official: bool = False


SPEAKERS: Final = (
    Speaker(id="zh_female_warm", name="温暖女声", language="zh", gender="female", voice="cmn+f3", profile="温暖, 旁白"),
    Speaker(id="zh_male_calm", name="沉稳男声", language="zh", gender="male", voice="cmn+m3", profile="沉稳, 纪录片"),
    Speaker(id="zh_female_bright", name="明亮女声", language="zh", gender="female", voice="cmn+f2", pitch=62),
    Speaker(id="zh_male_news", name="新闻男声", language="zh", gender="male", voice="cmn+m7", official=True),
    Speaker(id="en_female_clear", name="Clear", language="en", gender="female", voice="en-us+f3", profile="narration"),
    Speaker(id="en_male_deep", name="Deep", language="en", gender="male", voice="en-us+m3", pitch=38),
    Speaker(id="en_male_london", name="London", language="en", gender="male", voice="en-gb+m7", official=True),
    Speaker(id="ja_female_soft", name="やわらか", language="ja", gender="female", voice="ja+f2"),
    Speaker(id="ko_female_soft", name="부드러운", language="ko", gender="female", voice="ko+f3"),
    Speaker(id="es_female_warm", name="Cálida", language="es", gender="female", voice="es+f3"),
    Speaker(id="fr_male_calm", name="Calme", language="fr", gender="male", voice="fr+m3"),
    Speaker(id="de_female_clear", name="Klar", language="de", gender="female", voice="de+f3"),
    Speaker(id="pt_female_warm", name="Calorosa", language="pt", gender="female", voice="pt-br+f3"),
    Speaker(id="ru_male_calm", name="Спокойный", language="ru", gender="male", voice="ru+m3"),
)

SPEAKER_OF_ID: Final = {speaker.id: speaker for speaker in SPEAKERS}
