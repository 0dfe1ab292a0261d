"""A sentence by each speaker, made when somebody first listens."""

import asyncio
from pathlib import Path
from typing import Final

from media.command import run_ffmpeg
from simulators.sounding.speakers import Speaker
from simulators.sounding.speech import SPEECH_RATE_HZ, say

_MP3: Final = ("-b:a", "64k", "-f", "mp3")
_SENTENCES: Final = {
    "zh": "你好,我是模拟的声音。",
    "ja": "こんにちは、シミュレーションの声です。",
    "ko": "안녕하세요, 시뮬레이션 음성입니다.",
    "es": "Hola, soy una voz simulada.",
    "fr": "Bonjour, je suis une voix simulée.",
    "de": "Guten Tag, ich bin eine simulierte Stimme.",
    "pt": "Olá, eu sou uma voz simulada.",
    "ru": "Здравствуйте, я имитация голоса.",
    "en": "Hello, I am a simulated voice.",
}


async def demonstration(speaker: Speaker, folder: Path) -> Path:
    """Return the file in which a speaker says a sentence, made in `folder` if it is not there yet."""
    file = folder / f"{speaker.id}.mp3"
    if not await asyncio.to_thread(file.is_file):
        await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True)
        samples = await asyncio.to_thread(say, _SENTENCES[speaker.language], [speaker])
        unfinished = folder / f".{speaker.id}.mp3"
        await run_ffmpeg(
            ["-f", "s16le", "-ar", str(SPEECH_RATE_HZ), "-ac", "1", "-i", "pipe:0", "-ar", "24000", *_MP3, unfinished],
            deadline_s=30,
            stdin=samples.tobytes(),
        )
        await asyncio.to_thread(unfinished.rename, file)
    return file
