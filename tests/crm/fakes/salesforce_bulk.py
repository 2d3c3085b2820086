"""Bulk API 2.0 ingest jobs of the Salesforce fake: open, upload, close, poll, read the results."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import dataclass, field
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from tests.crm.fakes.salesforce_org import Org, Row, without
from tests.crm.fakes.salesforce_values import RequestError, RowError
from tests.crm.fakes.serving import note

MAX_UPLOAD = 150_000_000  # bytes of a job's data, after base64 at Salesforce's side
DELIMITERS = {"COMMA": ",", "SEMICOLON": ";", "TAB": "\t", "PIPE": "|", "CARET": "^"}
NULL = "#N/A"  # an empty cell leaves the field as it is


@dataclass
class Job:
    """One ingest job. `state` moves on at each poll, as a job does in time."""

    key: str
    object: str
    operation: str
    external_id: str | None
    delimiter: str
    state: str = "Open"
    upload: str = ""
    error: str | None = None
    done: list[tuple[Row, str, bool]] = field(default_factory=list)
    failed: list[tuple[Row, str, str]] = field(default_factory=list)

    def show(self) -> Row:
        return {
            "id": self.key,
            "operation": self.operation,
            "object": self.object,
            "state": self.state,
            "contentType": "CSV",
            "apiVersion": 59.0,
            "externalIdFieldName": self.external_id,
            "contentUrl": f"services/data/v59.0/jobs/ingest/{self.key}/batches",
            "errorMessage": self.error,
            "numberRecordsProcessed": len(self.done) + len(self.failed),
            "numberRecordsFailed": len(self.failed),
        }


class BulkJobs:
    """All ingest jobs of an org."""

    def __init__(self, org: Org) -> None:
        self.org = org
        self.jobs: dict[str, Job] = {}

    def answer(self, request: Request, body: bytes, key: str | None, part: str | None) -> Any:
        if key is None:
            if request.method == "POST":
                return self._open(json.loads(body))
            return {"done": True, "records": [job.show() for job in self.jobs.values()]}
        if key not in self.jobs:
            raise RequestError(404, "NOT_FOUND", "The requested resource does not exist")
        job = self.jobs[key]
        if part == "batches" and request.method == "PUT":
            return self._upload(job, body)
        if part in {"successfulResults", "failedResults", "unprocessedrecords"}:
            return _results(job, part)
        if request.method == "PATCH":
            return self._set_state(request, job, json.loads(body)["state"])
        if request.method == "DELETE":
            del self.jobs[key]
            return Response(status_code=204)
        answer = job.show()
        self._work(job)
        return answer

    def _open(self, told: Row) -> Any:
        operation = told["operation"]
        if operation == "upsert" and not told.get("externalIdFieldName"):
            words = "ExternalIdFieldName is required for upsert operation"
            raise RequestError(400, "INVALIDJOB", f"InvalidJob : {words}")
        if operation not in {"insert", "update", "upsert"}:
            raise RequestError(400, "INVALIDJOB", f"InvalidJob : operation {operation}")
        thing = self.org.object(told["object"])
        job = Job(
            f"750{len(self.jobs) + 1:015d}",
            thing.name,
            operation,
            told.get("externalIdFieldName"),
            DELIMITERS[told.get("columnDelimiter", "COMMA")],
        )
        self.jobs[job.key] = job
        return job.show()

    def _upload(self, job: Job, body: bytes) -> Response:
        if job.state != "Open" or job.upload:
            raise RequestError(400, "INVALIDJOBSTATE", "Found multiple contents for job")
        if len(body) > MAX_UPLOAD:
            raise RequestError(413, "REQUEST_TOO_LARGE", "Content exceeds the limit of 150 MB")
        job.upload = body.decode("utf-8")
        return Response(status_code=201)

    def _set_state(self, request: Request, job: Job, state: str) -> Any:
        if state not in {"UploadComplete", "Aborted"} or job.state in {"JobComplete", "Failed"}:
            words = f"Job state is {job.state}; it can't become {state}"
            raise RequestError(400, "INVALIDJOBSTATE", words)
        job.state = state
        note(request, rows=max(job.upload.count("\n") - 1, 0), wrote=state == "UploadComplete")
        return job.show()

    def _work(self, job: Job) -> None:
        if job.state == "UploadComplete":
            job.state = "InProgress"
        elif job.state == "InProgress":
            self._run(job)

    def _run(self, job: Job) -> None:
        rows = list(csv.DictReader(io.StringIO(job.upload), delimiter=job.delimiter))
        thing = self.org.object(job.object)
        for name in rows[0] if rows else ():
            if self.org.field(thing, name) is None:
                job.state, job.error = "Failed", f"InvalidBatch : Field name not found : {name}"
                return
        for row in rows:
            values = {
                name: None if text == NULL else text for name, text in row.items() if text != ""
            }
            try:
                key, is_new = self._save(job, values)
                job.done.append((row, key, is_new))
            except RowError as error:
                names = ",".join(error.fields)
                text = f"{error.code}:{error.message}:{names} --"
                job.failed.append((row, str(values.get("Id") or ""), text))
            except RequestError as error:
                job.failed.append((row, str(values.get("Id") or ""), f"{error.code}:{error}:--"))
        job.state = "JobComplete"

    def _save(self, job: Job, values: Row) -> tuple[str, bool]:
        thing = self.org.object(job.object)
        if job.operation == "insert":
            return self.org.create(thing, values), True
        if job.operation == "update":
            return self.org.update(thing, values.get("Id"), without(values, "Id")), False
        field = self.org.field(thing, str(job.external_id))
        if field is None or not (field.external_id or field.type == "id"):
            raise RowError("INVALID_FIELD", f"Field name provided, {job.external_id}, is no id")
        return self.org.upsert(thing, field, values)


def _results(job: Job, part: str) -> Response:
    done = [
        {"sf__Id": key, "sf__Created": str(is_new).lower(), **row} for row, key, is_new in job.done
    ]
    failed = [{"sf__Id": key, "sf__Error": text, **row} for row, key, text in job.failed]
    rows, extra = {
        "successfulResults": (done, ["sf__Id", "sf__Created"]),
        "failedResults": (failed, ["sf__Id", "sf__Error"]),
        "unprocessedrecords": ([], []),
    }[part]
    names = list(csv.DictReader(io.StringIO(job.upload), delimiter=job.delimiter).fieldnames or [])
    out = io.StringIO()
    writer = csv.DictWriter(out, [*extra, *names], quoting=csv.QUOTE_ALL, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return Response(out.getvalue(), media_type="text/csv")
