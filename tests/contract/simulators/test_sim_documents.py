"""The documents' own examples, as they are written, host aside; and the samples' fields in the replies."""

import shlex
from pathlib import Path

import pytest

#: Where the host of an example is found here.
HOSTS = {
    "https://api.marswave.ai": "/listenhub",
    "https://api.senseaudio.cn": "/senseaudio",
    "https://vibegen.art": "/vibegen",
}


def examples():
    """Return (HTTP status, what it is, command) of each example of the file."""
    text = (Path(__file__).parent / "document_examples.txt").read_text(encoding="utf-8")
    for part in text.split("\n--- ")[1:]:
        head, _, command = part.partition("\n")
        status, _, name = head.partition(" ")
        yield pytest.param(int(status), command, id=name)


def read(command):
    """Return method, address, headers and body of a curl command.

    The one-line examples lost their line breaks: a backslash and a space stand where a line ended.
    """
    words = iter(shlex.split(command.replace("\\\n", " ").replace("\\ -", " -"))[1:])
    method, address, headers, content = "GET", "", {}, None
    for word in words:
        if word in {"-X", "--request"}:
            method = next(words)
        elif word in {"-H", "--header"}:
            name, _, value = next(words).partition(": ")
            headers[name] = value
        elif word in {"-d", "--data-raw"}:
            content = next(words).encode()
        else:
            address = next(words) if word == "--url" else word
    for host, prefix in HOSTS.items():
        address = address.replace(host, prefix)
    return method, address, headers, content


@pytest.mark.parametrize(("status", "command"), list(examples()))
def test_an_example_is_answered_as_its_document_says(start, status, command):
    method, address, headers, content = read(command)
    reply = start().client.request(method, address, headers=headers, content=content)
    assert reply.status_code == status, reply.text


SAMPLES = [
    # create, body, task path with the id, the fields of the document's successful task
    (
        "/listenhub/openapi/v1/video-generation/generate",
        {"model": "happyhorse", "content": [{"type": "text", "text": "sea"}], "duration": 3},
        "/listenhub/openapi/v1/video-generation/tasks/{}",
        """id taskId episodeId status model params videoUrl coverUrl providerVideoUrl duration resolution ratio seed
        creditCharged enabledShare createdAt updatedAt""",
    ),
    (
        "/listenhub/openapi/v1/listenhub-voice/generate",
        {"text": "rain", "durationHint": 1},
        "/listenhub/openapi/v1/listenhub-voice/tasks/{}",
        "id status model params audioUrl audioDuration creditCharged creditRefunded createdAt updatedAt",
    ),
    (
        "/vibegen/api/v1/generations",
        {"model": "seedance 2.0", "prompt": "sea"},
        "/vibegen/api/v1/tasks/{}",
        "id status model task_type prompt video_url created_at completed_at error",
    ),
]


@pytest.mark.parametrize(("create", "body", "task", "fields"), SAMPLES)
def test_a_finished_task_has_exactly_the_fields_of_the_documents_sample(world, create, body, task, fields):
    data = world.create(create, body).json()["data"]
    assert set(world.end(task.format(data.get("taskId") or data.get("id")))) == set(fields.split())
