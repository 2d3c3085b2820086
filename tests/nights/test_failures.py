"""Which failures are final, and how they are told."""

from __future__ import annotations

import pytest

from config import ConfigurationError
from nights.airflow import fail_fast
from nights.failures import is_final, is_named, one_line


def test_our_own_errors_are_told_as_they_are_and_others_with_their_type():
    assert one_line(ConfigurationError("sources.yml:\n  wrong")) == "sources.yml: wrong"
    assert one_line(ValueError("no")) == "ValueError: no"
    assert is_named(ConfigurationError("x")) and not is_named(ValueError("x"))


def test_what_may_pass_by_itself_is_tried_again():
    from crm import CrmRejectedError, CrmUnreachableError
    from ml import TrainingError
    from ml.registry import StoreError
    from warehouse import WarehouseLockedError

    assert not is_final(WarehouseLockedError("x"))
    assert not is_final(CrmUnreachableError("x"))
    assert not is_final(StoreError("x"))
    assert not is_final(TrainingError([]))
    assert not is_final(ConnectionError("x"))
    assert is_final(CrmRejectedError("x"))
    assert is_final(ConfigurationError("x"))


def test_a_task_fails_for_good_where_only_a_person_can_help(tmp_path, monkeypatch):
    monkeypatch.setenv("AIRFLOW_HOME", str(tmp_path))
    from airflow.sdk.exceptions import AirflowException, AirflowFailException

    from crm import CrmUnreachableError

    @fail_fast
    def broken(error):
        raise error

    with pytest.raises(AirflowFailException, match=r"crm\.yml is wrong"):
        broken(ConfigurationError("crm.yml is wrong"))
    with pytest.raises(AirflowException, match=r"^away for now$") as tried_again:
        broken(CrmUnreachableError("away\n for now"))
    assert not isinstance(tried_again.value, AirflowFailException)
    assert tried_again.value.__suppress_context__  # no traceback hides the line
    with pytest.raises(ConnectionError):
        broken(ConnectionError("later"))
