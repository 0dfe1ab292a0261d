"""What the tests of the simulated Claude share: its schemas, an order, a request."""

import json

MESSAGES = "/anthropic/v1/messages"


def closed(**properties):
    return {"type": "object", "additionalProperties": False, "required": list(properties), "properties": properties}


STRING, INTEGER = {"type": "string"}, {"type": "integer"}
CHARACTERS = {"type": "array", "items": closed(id=STRING, look=STRING)}
SHOT = closed(index=INTEGER, prompt=STRING, character_ids={"type": "array", "items": STRING}, narration=STRING)
SCRIPT = closed(title=STRING, style=STRING, music=STRING, characters=CHARACTERS, shots={"type": "array", "items": SHOT})
VERDICT = closed(
    decision={"type": "string", "enum": ["allow", "block"]},
    categories={"type": "array", "items": STRING},
    reason=STRING,
    shot_indexes={"type": "array", "items": INTEGER},
)


def order(prompt="城市清晨的延时风光", slots=4, narration=24, picture=400, language="zh"):
    limits = {"narration_characters_max": narration, "prompt_characters_max": picture}
    return {
        "prompt": prompt,
        "language": language,
        "slots": [{"index": index, "seconds": 8, **limits} for index in range(1, slots + 1)],
    }


def request(schema=SCRIPT, content=None, **more):
    content = f"Write the film.\n<order>\n{json.dumps(order() if content is None else content)}\n</order>"
    return {
        "model": "claude-sonnet-5-5",
        "max_tokens": 8000,
        "messages": [{"role": "user", "content": content}],
        "output_config": {"format": {"type": "json_schema", "schema": schema}},
        **more,
    }


def answer(message):
    return json.loads("".join(block.text for block in message.content if block.type == "text"))
