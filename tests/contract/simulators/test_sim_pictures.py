"""What the simulated vendors deliver: frames counted, sizes to the vendors' tables, first and last frames kept."""

import base64
import io

import av
import numpy as np
import pytest
from av.video.frame import PictureType
from PIL import Image

from simulators.drawing.figures import actor_of

GENERATE = "/listenhub/openapi/v1/video-generation/generate"
TASKS = "/listenhub/openapi/v1/video-generation/tasks"


def clip_of(world, body):
    """Create a clip; return its frames 0, 48 and last as arrays, their number, the stream's facts, the sound's rate."""
    task_id = world.create(GENERATE, body).json()["data"]["taskId"]
    content = world.client.get(world.end(f"{TASKS}/{task_id}")["videoUrl"]).content
    assert content.index(b"moov") < content.index(b"mdat"), "faststart"
    kept, kinds, count = {}, set(), 0
    with av.open(io.BytesIO(content)) as clip:
        for count, frame in enumerate(clip.decode(video=0), start=1):
            kinds.add(PictureType(frame.pict_type))
            kept[{1: "first", 49: "middle"}.get(count, "last")] = frame
        pictures = {name: frame.to_ndarray(format="rgb24") for name, frame in kept.items()}
        video = clip.streams.video[0]
        facts = (video.codec_context.name, video.codec_context.pix_fmt, int(video.average_rate), PictureType.B in kinds)
        sound = clip.streams.audio[0].rate if clip.streams.audio else None
    return pictures, count, facts, sound


def body(model="happyhorse", words="Shot 2/4 海边的灯塔", **more):
    return {"model": model, "content": [{"type": "text", "text": words}], "duration": 4, "generateAudio": False, **more}


CLIPS = [
    # model, resolution, ratio, width, height, frames of 4 s
    ("happyhorse", "720p", "16:9", 1280, 720, 96),
    ("happyhorse", "720p", "9:16", 720, 1280, 96),
    ("happyhorse", "720p", "5:4", 900, 720, 96),
    ("doubao-seedance-2-fast", "480p", "16:9", 864, 496, 97),
    ("doubao-seedance-2-fast", "480p", "3:4", 560, 752, 97),
    ("doubao-seedance-2-pro", "1080p", "1:1", 1440, 1440, 97),
]


@pytest.mark.parametrize(("model", "resolution", "ratio", "width", "height", "frames"), CLIPS)
def test_a_clip_has_its_vendors_size_and_exact_frames(world, model, resolution, ratio, width, height, frames):
    pictures, count, facts, sound = clip_of(world, body(model, resolution=resolution, ratio=ratio))
    assert (count, pictures["first"].shape) == (frames, (height, width, 3))
    assert facts == ("h264", "yuv420p", 24, True)
    assert sound is None


def test_a_clip_moves_and_another_prompt_looks_different(world):
    one = clip_of(world, body())[0]
    other = clip_of(world, body(words="Shot 3/4 a desert at night"))[0]
    assert np.abs(one["first"].astype(int) - one["middle"]).mean() > 2
    assert np.abs(one["first"].astype(int) - other["first"]).mean() > 10


def test_sound_is_generated_when_asked_for_and_by_default(world):
    request = body()
    del request["generateAudio"]
    assert clip_of(world, request)[3] == 44_100


ACTORS = [
    ("a delicate location in the city", False),  # "cat" in other words is no cat
    ("A fox runs through the snow", True),
    ("灯塔下的老人", True),
    ("城市清晨的延时风光", False),
]


@pytest.mark.parametrize(("words", "played"), ACTORS)
def test_somebody_walks_through_the_picture_only_where_the_words_name_one(words, played):
    assert (actor_of(words) is not None) is played


def data_url(colour):
    buffer = io.BytesIO()
    Image.new("RGB", (800, 800), colour).save(buffer, "PNG")
    return f"data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode()}"


def image(role, url):
    return {"type": "image_url", "role": role, "image_url": {"url": url}}


def test_a_clip_starts_with_its_first_frame_and_ends_with_its_last(world):
    red, green = (200, 30, 30), (20, 160, 40)
    request = body("doubao-seedance-2-fast", resolution="480p", ratio="1:1")
    request["content"] += [image("first_frame", data_url(red)), image("last_frame", data_url(green))]
    frames = clip_of(world, request)[0]
    for frame, colour in ((frames["first"], red), (frames["last"], green)):
        assert np.abs(frame.reshape(-1, 3).mean(axis=0) - colour).max() < 6
        assert frame.std(axis=(0, 1)).max() < 6, "the picture alone, nothing over it"
    assert np.abs(frames["middle"].reshape(-1, 3).mean(axis=0) - red).max() > 30, "in between it dissolves"


def test_an_image_to_video_clip_of_happyhorse_follows_its_picture_not_the_ratio(world):
    request = body(ratio="16:9")
    request["content"].append(image("first_frame", data_url((90, 90, 90))))
    assert clip_of(world, request)[0]["first"].shape == (960, 960, 3)


def test_a_reference_that_was_uploaded_here_is_shown_small(world):
    signed = world.post("/listenhub/openapi/v1/files", {"fileKey": "ref.png", "contentType": "image/png"}).json()[
        "data"
    ]
    picture = base64.b64decode(data_url((255, 0, 255)).partition(",")[2])
    assert world.client.put(signed["presignedUrl"], content=picture, headers={"content-type": "image/png"}).is_success
    shares = []
    for content in ([], [image("reference_image", signed["fileUrl"])]):
        request = body()
        request["content"] += content
        frame = clip_of(world, request)[0]["first"].astype(int)
        magenta = (frame[..., 0] > 200) & (frame[..., 1] < 90) & (frame[..., 2] > 200)
        shares.append(magenta.mean())
    assert shares[0] < 0.001
    assert 0.005 < shares[1] < 0.1
