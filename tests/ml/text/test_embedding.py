"""Vectors from the built-in model and from a server, with all that a server may answer."""

import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import numpy as np
import pytest

from ml.text.embedding import vectors_of
from ml.text.spec import Embedding
from warehouse import open_warehouse

TEXTS = ["das ist kein Zustand", "welche Maße hat das Lager", "wir warten schon wieder"]

ENDLESS = b'{"data": [{"index": 0, "embedding": [1e999, 1, 1, 1]}]}'
ZEROS = b'{"data": [{"index": 0, "embedding": [0, 0, 0, 0]}]}'


@pytest.fixture
def server():
    """A server of the firm's own; `answer` is what it says, as bytes or made from the texts."""

    class Handler(BaseHTTPRequestHandler):
        answer = None

        def do_POST(self):
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            self.seen.append((self.path, asked, self.headers.get("Authorization")))
            status, body = type(self).answer(asked["input"])
            self.send_response(status)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args):
            pass

    Handler.seen = []
    service = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=service.serve_forever, daemon=True).start()
    yield Handler, f"http://127.0.0.1:{service.server_port}/v1"
    service.shutdown()


def good(texts, length=4):
    rows = [{"index": i, "embedding": [1.0, 2.0, float(len(t)), 0.5][:length]}
            for i, t in enumerate(texts)]  # fmt: skip
    return 200, json.dumps({"data": rows[::-1]}).encode()


def ask(settings, engine, texts=TEXTS, model="m"):
    wanted = Embedding(engine=engine, model=model, texts_a_night=2)
    with open_warehouse(settings) as connection:
        return vectors_of(connection, settings, "anger", wanted, texts)


def test_the_built_in_model_knows_german_and_english(writing):
    texts = ["Die Lieferung kam zu spät", "The delivery was late"]
    found = ask(writing, "built_in", texts)
    late, spaet = found.by_hash.values()
    assert late.shape == (384,)
    assert np.linalg.norm(late) == pytest.approx(1, abs=1e-5)
    assert float(late @ spaet) > 0.85
    assert (found.left, found.problem) == (0, None)


def test_a_server_is_asked_with_its_key_and_its_order_is_minded(writing, server):
    handler, url = server
    handler.answer = staticmethod(good)
    settings = writing.model_copy(update={"embedding_url": url, "embedding_key": "k"})
    found = ask(settings, "endpoint")
    assert len(found.by_hash) == 2
    assert found.left == 1
    assert handler.seen == [("/v1/embeddings", {"model": "m", "input": TEXTS[:2]}, "Bearer k")]
    first = next(iter(found.by_hash.values()))
    assert first[2] / first[0] == pytest.approx(len(TEXTS[0]))
    assert ask(settings.model_copy(update={"as_of": "2025-07-02"}), "endpoint").left == 0


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (lambda _texts: (500, b"oh"), "gave no vectors"),
        (lambda _texts: (200, b"<html>sign in</html>"), "gave no vectors"),
        (lambda _texts: (200, b"{}"), "gave no vectors"),
        (lambda _texts: (200, b""), "gave no vectors"),
        (lambda texts: good(texts[:1]), "another form"),
        (lambda texts: good(texts, length=3), "another form"),
        (lambda _texts: (200, ENDLESS), "no numb"),
        (
            lambda _texts: (200, b'{"data": [{"index": 0, "embedding": [0, 0, 0, 0]}]}'),
            "only zeros",
        ),
    ],
)
def test_nonsense_is_told_and_what_was_there_stays(writing, server, answer, says):
    handler, url = server
    settings = writing.model_copy(update={"embedding_url": url})
    handler.answer = staticmethod(good)
    before = ask(settings, "endpoint", TEXTS[:1])
    handler.answer = staticmethod(answer)
    later = settings.model_copy(update={"as_of": "2025-07-02"})
    texts = TEXTS if says == "another form" else TEXTS[:2]
    found = ask(later, "endpoint", texts)
    assert says in found.problem
    assert list(found.by_hash) == list(before.by_hash)
    assert found.left == len(texts) - 1


def test_no_server_and_no_address_are_told(writing):
    assert "set REIFEGRAD_EMBEDDING_URL" in ask(writing, "endpoint").problem
    nobody = writing.model_copy(update={"embedding_url": "http://127.0.0.1:9/v1"})
    assert "mend REIFEGRAD_EMBEDDING_URL" in ask(nobody, "endpoint").problem
