"""Who may read what lies in the home: its owner, nobody else.

The home holds passwords and personal data. Every process that writes there is private from its
first file on; a home that stood open is closed. A firm that shares a folder of it with a group
(so that group may enter, others may not) has taken the others' rights away and is left as it is.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Final

PRIVATE: Final = 0o077  # as umask: nothing for the group, nothing for others


def write_privately() -> None:
    """Let whatever this process and its children create be readable by its owner only."""
    os.umask(PRIVATE)


def close_home(home: Path) -> bool:
    """Take the home and all in it from group and others, if others may enter it.

    Returns:
        Whether anything had to be closed.

    """
    if not home.is_dir() or not home.stat().st_mode & stat.S_IRWXO:
        return False
    home.chmod(stat.S_IMODE(home.stat().st_mode) & ~PRIVATE)
    for folder, folders, files in os.walk(home):
        for name in (*folders, *files):
            path = Path(folder) / name
            if not path.is_symlink():
                path.chmod(stat.S_IMODE(path.lstat().st_mode) & ~PRIVATE)
    return True
