"""Resumable uploads by tus 1.0.0."""

from __future__ import annotations

import asyncio
import base64
import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable

import httpx
import pytest

from .behind import Scene, calling, served, until

Ask = Callable[[httpx.AsyncClient], Awaitable[None]]

SPEAKS = {"tus-resumable": "1.0.0"}
BYTES = {**SPEAKS, "content-type": "application/offset+octet-stream"}


def metadata(**pairs: str) -> str:
    return ",".join(f"{key} {base64.b64encode(value.encode()).decode()}" for key, value in pairs.items())


def during(scene: Scene, ask: Ask) -> None:
    async def main() -> None:
        async with scene.client() as client:
            await ask(client)

    asyncio.run(main())


async def begin(client: httpx.AsyncClient, length: int, **more: str) -> str:
    headers = {**SPEAKS, "upload-length": str(length), **more}
    answer = await client.post("/v1/uploads", headers=headers)
    assert answer.status_code == 201, answer.text
    return answer.headers["location"]


async def send(
    client: httpx.AsyncClient, place: str, offset: int, data: bytes | AsyncIterator[bytes], **more: str
) -> httpx.Response:
    return await client.patch(place, content=data, headers={**BYTES, "upload-offset": str(offset), **more})


def test_an_upload_in_pieces_becomes_a_job() -> None:
    scene = Scene()

    async def ask(client: httpx.AsyncClient) -> None:
        place = await begin(client, 10, **{"upload-metadata": metadata(filename="会议.m4a", language="en")})
        first = await send(client, place, 0, b"01234")
        assert (first.status_code, first.headers["upload-offset"]) == (204, "5")
        assert "parley-job" not in first.headers and "upload-expires" in first.headers
        head = await client.head(place, headers=SPEAKS)
        assert (head.status_code, head.headers["upload-offset"], head.headers["upload-length"]) == (
            200,
            "5",
            "10",
        )
        assert head.headers["cache-control"] == "no-store"
        last = await send(client, place, 5, b"56789")
        task_id = place.rpartition("/")[2]
        assert (last.status_code, last.headers["parley-job"]) == (204, task_id)
        job = (await client.get(f"/v1/jobs/{task_id}")).json()
        assert (job["file_name"], job["status"]) == ("会议.m4a", "pending")
        # A client that lost the last answer asks again, and sends again.
        head = await client.head(place, headers=SPEAKS)
        assert (head.headers["upload-offset"], head.headers["parley-job"]) == ("10", task_id)
        again = await send(client, place, 10, b"")
        assert (again.status_code, again.headers["parley-job"]) == (204, task_id)
        assert (await send(client, place, 5, b"56789")).status_code == 404

    during(scene, ask)
    assert scene.reception.received == [b"0123456789"]
    assert scene.reception.plans[0].order.wish.recognition.language == "en"


def test_the_first_bytes_may_come_with_the_announcement() -> None:
    scene = Scene()

    async def ask(client: httpx.AsyncClient) -> None:
        part = await client.post("/v1/uploads", content=b"01", headers={**BYTES, "upload-length": "4"})
        assert (part.status_code, part.headers["upload-offset"]) == (201, "2")
        whole = await client.post("/v1/uploads", content=b"0123", headers={**BYTES, "upload-length": "4"})
        assert (whole.status_code, whole.headers["upload-offset"]) == (201, "4")
        assert whole.headers["location"].endswith(whole.headers["parley-job"])
        typed = await client.post("/v1/uploads", content=b"01", headers={**SPEAKS, "upload-length": "4"})
        assert typed.status_code == 415

    during(scene, ask)
    assert scene.reception.received == [b"0123"]


@pytest.mark.parametrize("path", ["/v1/uploads", "/v1/uploads/some-id"])
def test_options_say_what_is_supported(path: str) -> None:
    scene = Scene(max_file_bytes=1234)

    async def ask(client: httpx.AsyncClient) -> None:
        answer = await client.options(path)
        assert answer.status_code == 204
        assert answer.headers["tus-version"] == "1.0.0"
        assert answer.headers["tus-max-size"] == "1234"
        assert set(answer.headers["tus-extension"].split(",")) == {
            "creation", "creation-with-upload", "termination", "expiration", "checksum"
        }  # fmt: skip
        assert "sha1" in answer.headers["tus-checksum-algorithm"].split(",")

    during(scene, ask)


@pytest.mark.parametrize("version", [{}, {"tus-resumable": "0.2.2"}])
def test_another_version_is_refused(version: dict[str, str]) -> None:
    scene = Scene()

    async def ask(client: httpx.AsyncClient) -> None:
        place = await begin(client, 4)
        for method, path in (("POST", "/v1/uploads"), ("HEAD", place), ("PATCH", place), ("DELETE", place)):
            answer = await client.request(method, path, headers={"upload-length": "4", **version})
            assert (answer.status_code, answer.headers["tus-version"]) == (412, "1.0.0")

    during(scene, ask)


@pytest.mark.parametrize(
    ("headers", "status", "code"),
    [
        ({}, 400, "upload_error"),
        ({"upload-length": "-1"}, 400, "upload_error"),
        ({"upload-length": "x"}, 400, "upload_error"),
        ({"upload-length": "0"}, 400, "upload_error"),
        ({"upload-length": "9" * 30}, 400, "upload_error"),
        ({"upload-length": "99999999999"}, 413, "file_too_large"),
        ({"upload-defer-length": "1"}, 400, "upload_error"),
        ({"upload-length": "4", "upload-concat": "partial"}, 400, "upload_error"),
        ({"upload-length": "4", "upload-metadata": "filename not~base64"}, 400, "invalid_option"),
        ({"upload-length": "4", "upload-metadata": "a YQ==,a YQ=="}, 400, "invalid_option"),
        ({"upload-length": "4", "upload-metadata": "a " + "YQ==" * 9000}, 400, "invalid_option"),
        ({"upload-length": "4", "upload-metadata": metadata(output_format="doc")}, 400, "invalid_format"),
        ({"upload-length": "4", "upload-metadata": metadata(diarize="maybe")}, 400, "invalid_option"),
    ],
)
def test_an_announcement_that_means_nothing(headers: dict[str, str], status: int, code: str) -> None:
    scene = Scene()

    async def ask(client: httpx.AsyncClient) -> None:
        answer = await client.post("/v1/uploads", headers={**SPEAKS, **headers})
        assert (answer.status_code, answer.json()["code"]) == (status, code)
        assert answer.headers["tus-resumable"] == "1.0.0"

    during(scene, ask)
    assert not scene.reception.uploads


def test_bytes_that_do_not_fit() -> None:
    scene = Scene()

    async def endless() -> AsyncIterator[bytes]:
        while True:
            yield b"x" * 65536

    async def ask(client: httpx.AsyncClient) -> None:
        place = await begin(client, 10)
        assert (await send(client, place, 3, b"345")).status_code == 409
        assert (await send(client, place, 0, b"x" * 11)).status_code == 413
        assert (await send(client, place, 0, endless())).status_code == 413
        head = await client.head(place, headers=SPEAKS)
        offset = int(head.headers["upload-offset"])
        assert offset <= 10
        plain = {**SPEAKS, "upload-offset": str(offset), "content-type": "application/octet-stream"}
        assert (await client.patch(place, content=b"x", headers=plain)).status_code == 415
        assert (await client.patch(place, content=b"x", headers=BYTES)).status_code == 400
        assert (await send(client, "/v1/uploads/unknown", 0, b"x")).status_code == 404

    during(scene, ask)


@pytest.mark.parametrize("algorithm", ["sha1", "md5", "sha256"])
def test_bytes_are_kept_only_if_their_checksum_is_right(algorithm: str) -> None:
    scene = Scene()
    right = base64.b64encode(hashlib.new(algorithm, b"01234").digest()).decode()
    wrong = base64.b64encode(hashlib.new(algorithm, b"x").digest()).decode()

    async def ask(client: httpx.AsyncClient) -> None:
        place = await begin(client, 10)
        refused = await send(client, place, 0, b"01234", **{"upload-checksum": f"{algorithm} {wrong}"})
        assert (refused.status_code, refused.json()["code"]) == (460, "chunk_hash_mismatch")
        assert (await client.head(place, headers=SPEAKS)).headers["upload-offset"] == "0"
        taken = await send(client, place, 0, b"01234", **{"upload-checksum": f"{algorithm} {right}"})
        assert (taken.status_code, taken.headers["upload-offset"]) == (204, "5")
        odd = await send(client, place, 5, b"5", **{"upload-checksum": f"crc32 {right}"})
        assert odd.status_code == 400

    during(scene, ask)


def test_bytes_with_a_checksum_fit_into_memory() -> None:
    scene = Scene()
    checksum = f"sha1 {base64.b64encode(hashlib.sha1(b'').digest()).decode()}"

    async def ask(client: httpx.AsyncClient) -> None:
        place = await begin(client, 20_000_000)
        answer = await send(client, place, 0, b"x" * 9_000_000, **{"upload-checksum": checksum})
        assert answer.status_code == 413

    during(scene, ask)


def test_an_upload_is_dropped_once() -> None:
    scene = Scene()

    async def ask(client: httpx.AsyncClient) -> None:
        place = await begin(client, 10)
        assert (await client.delete(place, headers=SPEAKS)).status_code == 204
        assert (await client.delete(place, headers=SPEAKS)).status_code == 404
        assert (await client.head(place, headers=SPEAKS)).status_code == 404

    during(scene, ask)
    assert not scene.reception.uploads


def test_methods_may_be_named_in_a_header() -> None:
    scene = Scene()

    async def ask(client: httpx.AsyncClient) -> None:
        place = await begin(client, 10)
        patch = {**BYTES, "upload-offset": "0", "x-http-method-override": "PATCH"}
        answer = await client.post(place, content=b"01234", headers=patch)
        assert (answer.status_code, answer.headers["upload-offset"]) == (204, "5")
        head = await client.post(place, headers={**SPEAKS, "x-http-method-override": "HEAD"})
        assert (head.status_code, head.headers["upload-offset"]) == (200, "5")
        assert (await client.post(place, headers=SPEAKS)).status_code == 405
        delete = await client.post(place, headers={**SPEAKS, "x-http-method-override": "DELETE"})
        assert delete.status_code == 204

    during(scene, ask)


def test_a_full_queue_is_tried_again_without_bytes() -> None:
    scene = Scene()
    scene.reception.full = True

    async def ask(client: httpx.AsyncClient) -> None:
        place = await begin(client, 4)
        refused = await send(client, place, 0, b"0123")
        assert (refused.status_code, refused.headers["retry-after"]) == (503, "7")
        assert (refused.json()["code"], refused.headers["upload-offset"]) == ("queue_full", "4")
        assert (await client.head(place, headers=SPEAKS)).status_code == 503
        scene.reception.full = False
        admitted = await send(client, place, 4, b"")
        assert (admitted.status_code, admitted.headers["parley-job"]) == (204, place.rpartition("/")[2])

    during(scene, ask)
    assert scene.reception.received == [b"0123"]


def test_uploads_of_others_do_not_exist() -> None:
    scene = Scene(users=("anna", "bert"))

    async def ask(client: httpx.AsyncClient) -> None:
        anna, bert = ({"authorization": f"Bearer {name}"} for name in ("anna", "bert"))
        assert (await client.post("/v1/uploads", headers={**SPEAKS, "upload-length": "4"})).status_code == 401
        place = await begin(client, 4, **anna)
        assert (await client.head(place, headers={**SPEAKS, **bert})).status_code == 404
        assert (await send(client, place, 0, b"01", **bert)).status_code == 404
        assert (await client.delete(place, headers={**SPEAKS, **bert})).status_code == 404
        assert (await send(client, place, 0, b"01", **anna)).status_code == 204

    during(scene, ask)


def test_what_arrived_before_the_line_broke_is_kept() -> None:
    scene = Scene()

    async def main() -> None:
        async with served(scene) as (host, port), calling(host, port) as client:
            place = await begin(client, 1000)
            _, writer = await asyncio.open_connection(host, port)
            writer.write(_patch(place, 0, 1000) + b"x" * 300)
            await writer.drain()
            upload = scene.reception.uploads[place.rpartition("/")[2]]
            await until(lambda: len(upload.data) == 300)
            writer.transport.abort()
            head = await client.head(place, headers=SPEAKS)
            assert head.headers["upload-offset"] == "300"
            assert (await send(client, place, 300, b"x" * 700)).status_code == 204

    asyncio.run(main())
    assert scene.reception.received == [b"x" * 1000]


def test_a_newcomer_takes_over_from_a_dead_line() -> None:
    scene = Scene()

    async def main() -> None:
        async with served(scene) as (host, port), calling(host, port) as client:
            place = await begin(client, 1000)
            reader, writer = await asyncio.open_connection(host, port)
            writer.write(_patch(place, 0, 1000) + b"x" * 300)
            await writer.drain()
            upload = scene.reception.uploads[place.rpartition("/")[2]]
            await until(lambda: len(upload.data) == 300)
            assert (await send(client, place, 300, b"x" * 700)).status_code == 204
            assert b" 409 " in await reader.readline()
            writer.close()

    asyncio.run(main())
    assert scene.reception.received == [b"x" * 1000]


def _patch(place: str, offset: int, length: int) -> bytes:
    lines = [
        f"PATCH {place} HTTP/1.1",
        "Host: localhost",
        f"Content-Length: {length}",
        f"Upload-Offset: {offset}",
    ]
    lines += [f"{name}: {value}" for name, value in BYTES.items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()
