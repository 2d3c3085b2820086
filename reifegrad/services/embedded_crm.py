"""The embedded CRM's process: install and activate once, then become the server.

`python -m reifegrad.services.embedded_crm [HOST]`; in a container it listens beyond the loopback.
"""

from __future__ import annotations

import os
import sys

from config import load_settings
from nights.failures import one_line


def main() -> None:
    """Prepare what is missing and replace this process by the CRM's server."""
    from crm.embedded import activate, command, install

    settings = load_settings()
    try:
        install()
        activate(settings)
        server = command(settings, *sys.argv[1:2])
    except Exception as error:
        sys.exit(one_line(error))
    os.execv(server[0], server)  # noqa: S606 - the command is ours


if __name__ == "__main__":
    main()
