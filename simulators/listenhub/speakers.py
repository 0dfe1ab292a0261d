"""How a simulated speaker looks on ListenHub's wire."""

from typing import Any

from simulators.door import Call
from simulators.sounding.speakers import SPEAKERS


def speaker_items(call: Call, language: str | None = None) -> list[dict[str, Any]]:
    """Return the speakers of one language (None: all) as `GET /v1/speakers/list` gives them."""
    return [
        {
            "name": speaker.name,
            "speakerId": speaker.id,
            "demoAudioUrl": call.url(f"/assets/speakers/{speaker.id}.mp3"),
            "gender": speaker.gender,
            "language": speaker.language,
            **({"profile": speaker.profile} if speaker.profile else {}),
        }
        for speaker in SPEAKERS
        if language is None or speaker.language == language
    ]
