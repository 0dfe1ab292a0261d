"""The simulated moderator: allows everything but a short, documented list of trigger words.

The triggers are written in double square brackets so that no honest prompt holds one by chance.
"""

import json
from typing import Any, Final

#: What a text must contain to be blocked, and the category it is blocked for.
TRIGGERS: Final = {
    "[[violence]]": "violence",
    "[[sexual]]": "sexual",
    "[[hate]]": "hate",
    "[[self-harm]]": "self_harm",
    "[[illegal]]": "illegal",
}
#: A text with this word is not judged at all: the model refuses to answer.
REFUSE: Final = "[[refuse]]"


def judge(case: dict[str, Any]) -> dict[str, Any]:
    """Return `{decision, categories, reason, shot_indexes}` for an object with the key `storyboard`."""
    text = json.dumps(case, ensure_ascii=False)
    categories = [category for trigger, category in TRIGGERS.items() if trigger in text]
    storyboard = case.get("storyboard")
    shots = storyboard.get("shots", []) if isinstance(storyboard, dict) else storyboard
    indexes = [
        shot.get("index", place)
        for place, shot in enumerate(shots if isinstance(shots, list) else [])
        if isinstance(shot, dict) and any(trigger in json.dumps(shot, ensure_ascii=False) for trigger in TRIGGERS)
    ]
    return {
        "decision": "block" if categories else "allow",
        "categories": categories,
        "reason": f"contains {', '.join(categories)}" if categories else "nothing objectionable",
        "shot_indexes": indexes,
    }
