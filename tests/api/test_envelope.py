"""Whatever is sent, the answer is an envelope: never a traceback, never another shape, never a 5xx."""

import json
from typing import Any

import pytest

from api.middleware import BODY_BYTES_MAX
from film.request import FilmRequest
from tests.api.service_context import ORDER, ServiceUnderTest

JSON = {"Content-Type": "application/json"}


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/", 404, "not_found"),
        ("GET", "/v1", 404, "not_found"),
        ("GET", "/v1/videos/a/b/c", 404, "not_found"),
        ("PUT", "/v1/videos", 405, "method_not_allowed"),
        ("PATCH", "/v1/credits", 405, "method_not_allowed"),
        ("GET", "/v1/videos/estimate", 405, "method_not_allowed"),
        ("GET", "/metrics", 404, "not_found"),
        ("GET", "/files/1/2/3", 404, "not_found"),
        ("GET", "/files/9999999999/00/%2e%2e/%2e%2e/etc/passwd", 404, "not_found"),
        ("POST", "/callbacks/vibegen/1/2", 404, "not_found"),
    ],
)
async def test_what_is_not_there(lite: ServiceUnderTest, method: str, path: str, status: int, code: str) -> None:
    """Unknown routes, wrong methods and hidden ones."""
    client = lite.client((await lite.key()).secret)
    answer = await client.request(method, path)
    error = answer.json()["error"]
    assert (answer.status_code, error["code"]) == (status, code)
    assert error["message"]
    assert (status == 405) == ("allow" in answer.headers)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "body: must be a JSON object in UTF-8"),
        (b"{", "body: must be a JSON object in UTF-8"),
        (b"[]", "body: must be a JSON object"),
        (b"null", "body: must be a JSON object"),
        (b'"x"', "body: must be a JSON object"),
        (b'{"prompt": NaN}', "body: must be a JSON object in UTF-8"),
        (b'{"duration": 1e999}', "prompt: is required"),
        (b'{"duration": ' + b"9" * 5000 + b"}", "body: must be a JSON object in UTF-8"),
        (b'{"prompt": "\xff"}', "body: must be a JSON object in UTF-8"),
        (b'{"prompt": "a", "prompt": "b"}', "body: names a field twice"),
        (b"[" * 20_000, "body: must be nested at most 16 levels deep"),
        (b'{"a":' * 2_000 + b"1" + b"}" * 2_000, "body: must be nested at most 16 levels deep"),
    ],
)
async def test_a_body_that_is_no_order(lite: ServiceUnderTest, body: bytes, message: str) -> None:
    """400, the reason in words."""
    client = lite.client((await lite.key()).secret)
    answer = await client.post("/v1/videos", content=body, headers=JSON)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "invalid_request")
    assert answer.json()["error"]["message"] == message


async def test_brackets_in_words_are_no_depth(lite: ServiceUnderTest) -> None:
    """Only real nesting counts: a prompt may be full of brackets and escaped quotes."""
    client = lite.client((await lite.key()).secret)
    answer = await client.post("/v1/videos", json={**ORDER, "prompt": '[{"\\' * 100})
    assert answer.status_code == 202


async def test_another_content_type_is_refused(lite: ServiceUnderTest) -> None:
    """A form is no order."""
    client = lite.client((await lite.key()).secret)
    answer = await client.post("/v1/videos", data={"prompt": "x"})
    assert answer.json()["error"] == {"code": "invalid_request", "message": "Content-Type: must be application/json"}


async def test_a_large_body_is_not_read_to_its_end(lite: ServiceUnderTest) -> None:
    """413 as soon as the limit is passed, before any key is looked at."""
    pieces = 0

    async def endless() -> Any:
        nonlocal pieces
        while True:
            pieces += 1
            yield b"x" * 8192

    async with lite.client() as client:
        answer = await client.post("/v1/videos", content=endless(), headers=JSON)
    assert (answer.status_code, answer.json()["error"]["code"]) == (413, "invalid_request")
    assert pieces <= BODY_BYTES_MAX // 8192 + 2


async def test_our_own_fault_is_told_as_such_and_hides_the_rest(
    lite: ServiceUnderTest, caplog: pytest.LogCaptureFixture
) -> None:
    """500 `internal_error`, the trace in the log and not in the answer."""

    def broken(_: FilmRequest) -> None:
        raise ZeroDivisionError("secret circumstances")

    client = lite.with_deps(require_makeable=broken).client((await lite.key()).secret)
    answer = await client.post("/v1/videos", json=ORDER)
    assert (answer.status_code, answer.json()["error"]["code"]) == (500, "internal_error")
    assert "secret circumstances" not in answer.text
    assert "secret circumstances" in caplog.text


async def test_answers_carry_the_headers_that_keep_browsers_safe(lite: ServiceUnderTest) -> None:
    """On every answer, errors included; nothing of an account is cached."""
    client = lite.client((await lite.key()).secret)
    for answer in (await client.get("/v1/credits"), await client.get("/nope"), await client.get("/docs")):
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        assert answer.headers["cache-control"] == "no-store"


async def test_the_log_names_films_and_no_secret(lite: ServiceUnderTest, caplog: pytest.LogCaptureFixture) -> None:
    """One line an answer: route, status, film; neither key nor prompt nor a link's signature."""
    caplog.set_level("INFO", logger="longvideo")
    key = await lite.key()
    client = lite.client(key.secret)
    film_id = (await client.post("/v1/videos", json=ORDER)).json()["task_id"]
    await lite.complete(film_id)
    link = (await client.get(f"/v1/videos/{film_id}")).json()["result_url"]
    await client.get(link)
    lines = [getattr(record, "facts", {}) for record in caplog.records]
    assert [line["film_id"] for line in lines if line.get("route") == "/v1/videos/{id}"] == [film_id]
    assert {"film_id": film_id, "key": key.key_id, "replayed": False} in lines
    told = json.dumps(lines) + caplog.text
    assert key.secret not in told
    assert link.split("/")[5] not in told
    assert ORDER["prompt"] not in told


async def test_the_document_names_every_error_of_every_route(lite: ServiceUnderTest) -> None:
    """Each operation has a description, its 401 and its envelope; the framework's own 422 is nowhere."""
    document = (await lite.client().get("/openapi.json")).json()
    assert "HTTPValidationError" not in json.dumps(document)
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            assert operation["description"], (method, path)
            answers = operation["responses"]
            assert {"500"} <= set(answers)
            assert ("401" in answers) == path.startswith("/v1/")
            for status, answer in answers.items():
                if int(status) >= 400:
                    assert answer["content"]["application/json"]["examples"], (method, path, status)


async def test_the_docs_page_stands_alone(lite: ServiceUnderTest) -> None:
    """No script and no address of another host; every operation and schema is on it."""
    client = lite.client()
    page, document = await client.get("/docs"), (await client.get("/openapi.json")).json()
    assert "<script" not in page.text
    assert "http://" not in page.text.replace("http://127", "")
    assert "https://" not in page.text
    for path in document["paths"]:
        assert f">{path}<" in page.text
    for name in document["components"]["schemas"]:
        assert f'id="{name}"' in page.text
    assert (await client.get("/docs/style.css")).headers["content-type"].startswith("text/css")
