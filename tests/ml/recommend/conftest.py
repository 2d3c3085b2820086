"""An empty database, and the YAML that the tests start from."""

import duckdb
import pytest

from tests.ml.recommend.shop import make_spec


@pytest.fixture
def connection():
    """A database in memory."""
    with duckdb.connect() as opened:
        yield opened


@pytest.fixture
def spec(tmp_path):
    """The spec of the tests, with the project's defaults."""
    return make_spec(tmp_path)
