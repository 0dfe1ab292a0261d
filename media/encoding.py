"""The film's profile: how parts and films are written, all alike: one extradata a film."""

from typing import Final

from film.canvas import FPS, SAMPLE_RATE, TIMESCALE

#: Two threads, always: x264's output depends on their number, and equal input shall give equal parts.
THREADS: Final = 2
AAC_BITRATE: Final = "192k"

#: Video of a part: H.264 High, closed GOPs of two seconds at most, BT.709 in limited range, 1000 ticks a frame.
PICTURE: Final[dict[str, str | int | None]] = {
    "c:v": "libx264",
    "preset": "veryfast",
    "crf": 19,
    "profile:v": "high",
    "pix_fmt": "yuv420p",
    "g": 2 * FPS,
    "flags": "+cgop",
    "threads": THREADS,
    "fps_mode": "passthrough",
    "enc_time_base": f"1:{FPS}",
    "color_primaries": "bt709",
    "color_trc": "bt709",
    "colorspace": "bt709",
    "color_range": "tv",
    "video_track_timescale": TIMESCALE,
    "map_metadata": -1,
    "map_chapters": -1,
    "f": "mp4",
}

#: Sound of a part: plain PCM, so that samples can be counted by bytes.
PCM: Final[dict[str, str | int | None]] = {
    "c:a": "pcm_s16le",
    "ar": SAMPLE_RATE,
    "ac": 2,
    "map_metadata": -1,
    "bitexact": None,
    "f": "wav",
}

#: Sound of a film.
AAC: Final[dict[str, str | int | None]] = {
    "c:a": "aac",
    "b:a": AAC_BITRATE,
    "ar": SAMPLE_RATE,
    "ac": 2,
    "map_metadata": -1,
    "f": "mp4",
}
