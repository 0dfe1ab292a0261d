"""The sentences a simulated storyboard is made of, in Chinese and in English: opening, development, close.

`{subject}` is the user's prompt, `{topic}` its first words.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class Phrases:
    """One language's stock. Pictures are one list a phase; narrations too, short sentences and longer ones."""

    pictures: tuple[Sequence[str], Sequence[str], Sequence[str]]
    narrations: tuple[Sequence[str], Sequence[str], Sequence[str]]
    lights: Sequence[str]
    style: str
    music: str
    space: str


CHINESE: Final = Phrases(
    pictures=(
        (
            "大远景,航拍缓缓推进:{subject},{light},薄雾未散,画面开阔而安静",
            "低角度固定镜头:{subject}的轮廓从暗处浮现,{light},空气中有微尘",
            "远景,镜头自上而下缓缓降落:{subject},{light},天地之间层次分明",
        ),
        (
            "中景,镜头横移跟随:{subject}的动势逐渐展开,前景轻轻虚化,{light}",
            "特写,浅景深:与{topic}有关的细节在光影里颤动,{light},质感清晰",
            "手持跟拍,微微晃动:{topic},节奏加快,人与物在画面中交错,{light}",
            "俯拍,垂直向下:{topic}形成流动的图案,线条与色块不断变化,{light}",
            "环绕镜头:围着{topic}缓缓转动,背景的光斑连成一片,{light}",
            "推轨镜头由远及近:{topic},纵深感强烈,{light},焦点从背景移到前景",
            "低机位广角:{topic}占据画面,天空在上方迅速变幻,{light}",
            "长焦压缩空间:{topic}层层叠叠,热气轻轻浮动,{light}",
        ),
        (
            "远景,镜头缓缓升起拉远:{topic}渐渐融入天色,{light},余韵悠长",
            "固定远景:{topic}归于平静,最后一缕光停在画面中央,{light}",
        ),
    ),
    narrations=(
        ("一切从这里开始。", "光先到了。", "{topic},在静默中醒来。", "世界还很安静,时间走得很慢。"),
        (
            "光影流转。", "脚步近了。", "每一刻都不相同。", "细节里藏着答案。", "节奏悄悄加快。",
            "我们靠近一些,再看一眼。", "风经过的地方,颜色都变了。", "原来热闹也可以很温柔。",
            "时间在这里换了一种走法。", "没有人说话,一切却都在诉说。", "远处的声音,慢慢成了近处的温度。",
            "{topic},比记忆里的更加明亮。",
        ),
        ("余光未尽。", "而明天,又将开始。", "把这一刻留在心里。", "{topic},就这样留了下来。"),
    ),
    lights=("清冷的晨光", "金色的侧逆光", "柔和的漫射光", "蓝调时刻的微光", "温暖的斜阳", "雨后的湿润反光"),
    style="电影质感,自然光,细腻的胶片颗粒,色调统一而克制",
    music="温柔的钢琴与弦乐,由疏到密,结尾留白",
    space="",
)  # fmt: skip

ENGLISH: Final = Phrases(
    pictures=(
        (
            "Extreme wide aerial shot, slowly pushing in: {subject}, {light}, thin mist, a calm and open frame",
            "Low static angle: the outline of {subject} emerges from the dark, {light}, dust in the air",
            "Wide shot, the camera descends from above: {subject}, {light}, clear layers of depth",
        ),
        (
            "Medium shot, tracking sideways: {subject} gathers movement, soft foreground blur, {light}",
            "Close-up, shallow depth of field: small details of {topic} tremble in the light, {light}, rich texture",
            "Handheld follow shot: {topic}, the pace quickens, figures cross the frame, {light}",
            "Top-down shot: {topic} forms flowing patterns of lines and colour, {light}",
            "Orbiting shot: the camera circles {topic}, highlights melt into one another, {light}",
            "Dolly in from afar: {topic}, strong depth, focus pulls from background to foreground, {light}",
            "Low wide angle: {topic} fills the frame, the sky changes fast above, {light}",
            "Long lens: {topic} stacked in compressed layers, heat haze drifting, {light}",
        ),
        (
            "Wide shot, the camera rises and pulls away: {topic} dissolves into the sky, {light}, a long quiet ending",
            "Static wide shot: {topic} comes to rest, the last light stays in the middle of the frame, {light}",
        ),
    ),
    narrations=(
        (
            "It begins here.", "First comes the light.", "Slowly, {topic} wakes.",
            "The world is still, and time is slow.",
        ),
        (
            "Light moves on.", "Steps draw near.", "No moment is the same.", "The answer is in the details.",
            "Quietly, the pace grows.", "Come closer, and look again.", "Where the wind passes, every colour changes.",
            "Even a crowd can be gentle.", "Time walks differently here.",
            "Nobody speaks, yet all of it tells a story.",
            "Far sounds become a nearby warmth.",
            "Here is {topic}, brighter than memory.",
        ),
        ("The light lingers.", "And tomorrow it begins again.", "Keep this moment.", "So {topic} stays with us."),
    ),
    lights=(
        "cool morning light", "golden side light", "soft diffused light", "blue hour glow", "warm low sun",
        "wet reflections after rain",
    ),
    style="Cinematic, natural light, fine film grain, one restrained palette",
    music="Gentle piano and strings, sparse at first, fuller later, an open ending",
    space=" ",
)  # fmt: skip
