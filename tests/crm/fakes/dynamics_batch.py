"""$batch of the Dataverse fake: many requests in one, change sets in a transaction."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Callable
from http import HTTPStatus
from typing import TYPE_CHECKING

from starlette.responses import Response

from tests.crm.fakes.dynamics_org import DataverseError, Org

if TYPE_CHECKING:
    from tests.crm.fakes.dynamics import Answer, Ask

MAX_PARTS = 1000
MAX_URL = 65_536
LINE = "\r\n"
Handler = Callable[..., "Answer"]


def answer_batch(ask: Ask, handle: Handler, org: Org) -> Response:
    """Do the parts in order; stop at the first error unless asked to go on.

    Raises:
        DataverseError: the batch itself is not well formed; nothing was done.

    """
    text = ask.body.decode().replace("\r\n", "\n")
    parts = _split(text, ask.headers.get("content-type", ""))
    sets = [_split(body, kind) if "multipart" in kind else None for kind, _, body in parts]
    count = sum(1 if inner is None else len(inner) for inner in sets)
    if count > MAX_PARTS:
        raise DataverseError(
            400,
            "0x80060888",
            "The current batch message contains too many parts. Only batch messages with a maximum"
            f" number of '{MAX_PARTS}' query operations and change sets are allowed.",
        )
    goes_on = ask.prefers(r"(odata\.continue-on-error)")
    blocks, status = [], 200
    for (_, _, body), inner in zip(parts, sets, strict=True):
        try:
            if inner is None:
                blocks.append(_block(handle(_part(ask, body, {}), MAX_URL), None))
            else:
                blocks.append(_change_set(ask, inner, handle, org))
        except DataverseError as error:
            blocks.append(_refused(error))
            if not goes_on:
                status = error.status
                break
    boundary = f"batchresponse_{uuid.uuid4()}"
    lines = "".join(f"--{boundary}{LINE}{block}{LINE}" for block in blocks)
    return Response(
        f"{lines}--{boundary}--{LINE}",
        status,
        {"Content-Type": f"multipart/mixed; boundary={boundary}"},
    )


def _change_set(
    ask: Ask, inner: list[tuple[str, str | None, str]], handle: Handler, org: Org
) -> str:
    known: dict[str, str] = {}
    blocks = []
    wrote, rows = ask.wrote, ask.rows
    try:
        with org.transaction():
            for _, content_id, body in inner:
                part = _part(ask, body, known)
                if part.method == "GET":
                    words = "GET requests are not allowed within change sets"
                    raise DataverseError(400, "0x80060888", words)
                answer = handle(part, MAX_URL)
                if content_id and "OData-EntityId" in answer.headers:
                    known[content_id] = answer.headers["OData-EntityId"]
                blocks.append(_block(answer, content_id))
    except DataverseError:
        ask.wrote, ask.rows = wrote, rows
        raise
    boundary = f"changesetresponse_{uuid.uuid4()}"
    lines = "".join(f"--{boundary}{LINE}{block}{LINE}" for block in blocks)
    head = f"Content-Type: multipart/mixed; boundary={boundary}"
    return f"{head}{LINE}{LINE}{lines}--{boundary}--"


def _part(ask: Ask, text: str, known: dict[str, str]) -> Ask:
    """Read one request; `$1` stands for what the request with that Content-ID made."""
    head, _, body = text.partition("\n\n")
    first, *lines = head.strip().split("\n")
    method, url, *_ = first.split(" ")
    headers = {
        name.strip().lower(): value.strip()
        for name, _, value in (line.partition(":") for line in lines)
    }

    def resolve(found: re.Match[str]) -> str:
        if found[1] not in known:
            words = f"Content-ID Reference: '${found[1]}' does not exist in the batch context."
            raise DataverseError(400, "0x80060888", words)
        return known[found[1]]

    url = re.sub(r"^/?\$(\w+)$", resolve, url)
    body = re.sub(r'(?<=@odata\.bind":)\s*"\$(\w+)"', lambda one: f'"{resolve(one)}"', body)
    part = type(ask)(method, url, headers, body.strip().encode())
    part.wrote_rows = ask.wrote_rows  # type: ignore[method-assign]
    return part


def _split(text: str, content_type: str) -> list[tuple[str, str | None, str]]:
    """Return content type, Content-ID and body of each part."""
    found = re.search(r'boundary="?([^";,\s]+)"?', content_type)
    if not found:
        raise DataverseError(400, "0x80060888", "Missing boundary in multipart content.")
    inside = re.split(rf"(?m)^--{re.escape(found[1])}(?:--)?[ \t]*$", text)[1:-1]
    parts = []
    for piece in inside:
        head, _, body = piece.strip("\n").partition("\n\n")
        headers = {
            name.strip().lower(): value.strip()
            for name, _, value in (line.partition(":") for line in head.split("\n"))
        }
        parts.append((headers.get("content-type", ""), headers.get("content-id"), body))
    return parts


def _block(answer: Answer, content_id: str | None) -> str:
    lines = ["Content-Type: application/http", "Content-Transfer-Encoding: binary"]
    lines += [f"Content-ID: {content_id}"] if content_id else []
    phrase = HTTPStatus(answer.status).phrase
    lines += ["", f"HTTP/1.1 {answer.status} {phrase}", "OData-Version: 4.0"]
    lines += [f"{name}: {value}" for name, value in answer.headers.items()]
    if answer.json is not None:
        lines += ["Content-Type: application/json; odata.metadata=minimal"]
        return LINE.join([*lines, "", json.dumps(answer.json)])
    return LINE.join([*lines, "", ""])


def _refused(error: DataverseError) -> str:
    lines = [
        "Content-Type: application/http",
        "Content-Transfer-Encoding: binary",
        "",
        f"HTTP/1.1 {error.status} {HTTPStatus(error.status).phrase}",
        "Content-Type: application/json; odata.metadata=minimal",
        "OData-Version: 4.0",
        "",
        json.dumps(error.body),
    ]
    return LINE.join(lines)
