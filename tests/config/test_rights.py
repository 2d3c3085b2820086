"""The home is its owner's alone."""

from __future__ import annotations

import os
import stat

from config.rights import close_home, write_privately


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


def test_an_open_home_is_closed_with_all_in_it(tmp_path):
    home = tmp_path / "home"
    (home / "logs").mkdir(parents=True, mode=0o755)
    log = home / "logs" / "airflow.log"
    log.write_text("password")
    log.chmod(0o644)
    home.chmod(0o755)
    assert close_home(home)
    assert (mode(home), mode(home / "logs"), mode(log)) == (0o700, 0o700, 0o600)
    assert not close_home(home)


def test_a_home_shared_with_a_group_is_left_as_it_is(tmp_path):
    tmp_path.chmod(0o710)
    assert not close_home(tmp_path)
    assert mode(tmp_path) == 0o710


def test_a_link_out_of_the_home_changes_nothing_there(tmp_path):
    outside, home = tmp_path / "outside", tmp_path / "home"
    outside.write_text("theirs")
    outside.chmod(0o644)
    home.mkdir(mode=0o755)
    home.chmod(0o755)
    (home / "link").symlink_to(outside)
    assert close_home(home)
    assert mode(outside) == 0o644


def test_a_home_that_is_not_there_yet_is_no_failure(tmp_path):
    assert not close_home(tmp_path / "none")


def test_what_a_process_writes_is_private_from_the_first_moment(tmp_path):
    before = os.umask(0o022)
    try:
        write_privately()
        (tmp_path / "secret").touch()
    finally:
        os.umask(before)
    assert mode(tmp_path / "secret") == 0o600
