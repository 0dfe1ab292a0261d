"""Who plays in a film: the people and animals a prompt names, at most two, and what they look like."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class Role:
    """A being that prompts name: words that name it, and its look in the two languages."""

    id: str
    words: tuple[str, ...]
    look_en: str
    look_zh: str


_ROLES: Final = (
    Role(id="fox", words=("fox", "狐狸"),
         look_en="a slender red fox with a white-tipped tail and amber eyes",
         look_zh="一只毛色火红的狐狸,尾尖雪白,琥珀色的眼睛"),
    Role(id="cat", words=(" cat", "kitten", "猫"),
         look_en="a small orange tabby cat with white paws and a blue collar",
         look_zh="一只橘色虎斑小猫,白色的爪子,戴蓝色项圈"),
    Role(id="dog", words=(" dog", "puppy", "狗", "小犬"),
         look_en="a shaggy golden dog with one folded ear and a red scarf",
         look_zh="一只蓬松的金色小狗,一只耳朵折着,系红围巾"),
    Role(id="bird", words=("bird", "gull", "crane", "鸟", "鹤", "海鸥"),
         look_en="a white bird with black wing tips",
         look_zh="一只白色的鸟,翅尖漆黑"),
    Role(id="horse", words=("horse", "骏马", "白马", "马儿"),
         look_en="a chestnut horse with a white blaze",
         look_zh="一匹栗色的马,额上一道白斑"),
    Role(id="panda", words=("panda", "熊猫"),
         look_en="a round young panda holding a bamboo stem",
         look_zh="一只圆滚滚的小熊猫幼崽,抱着一截竹子"),
    Role(id="robot", words=("robot", "机器人"),
         look_en="a small round robot of brushed steel with one green eye",
         look_zh="一个拉丝钢外壳的圆形小机器人,一只绿色的眼睛"),
    Role(id="girl", words=("girl", "daughter", "女孩", "姑娘", "少女"),
         look_en="a girl of ten with short black hair, a yellow raincoat and red boots",
         look_zh="一个十岁的女孩,黑色短发,黄色雨衣,红色雨靴"),
    Role(id="boy", words=(" boy", " son ", "男孩", "少年"),
         look_en="a boy of eleven with curly brown hair and a green jacket",
         look_zh="一个十一岁的男孩,棕色卷发,绿色外套"),
    Role(id="woman", words=("woman", " she ", "mother", "grandmother", "女人", "母亲", "妈妈", "奶奶"),
         look_en="a woman in her forties with a grey braid and a dark blue coat",
         look_zh="一位四十多岁的女子,灰色发辫,深蓝色大衣"),
    Role(id="man", words=(" man ", "keeper", "fisherman", "father", "grandfather",
                          "男人", "父亲", "爸爸", "爷爷", "渔夫", "守塔人"),
         look_en="a man in his sixties with a short white beard and a woollen cap",
         look_zh="一位六十多岁的男子,短白胡须,戴毛线帽"),
    Role(id="hero", words=("astronaut", "traveller", "traveler", "dancer", "chef", "runner",
                           "宇航员", "旅人", "舞者", "厨师"),
         look_en="a lean figure in a worn orange suit with a patched sleeve",
         look_zh="一个清瘦的人,穿磨旧的橙色衣服,袖口打着补丁"),
)  # fmt: skip
_CAST_MAX: Final = 2


def cast_of(prompt: str, *, chinese: bool) -> list[dict[str, str]]:
    """Return the film's characters as `{id, look}`, those first that the prompt names first."""
    text = f" {prompt.lower()} "
    found = []
    for role in _ROLES:
        places = [text.find(word) for word in role.words if word in text]
        if places:
            found.append((min(places), role))
    found.sort(key=lambda pair: pair[0])
    return [{"id": role.id, "look": role.look_zh if chinese else role.look_en} for _, role in found[:_CAST_MAX]]
