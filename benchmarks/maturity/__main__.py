"""How well the stages tell good data from bad: `… benchmarks.maturity mutations | edges`."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from benchmarks.maturity import edges, mutations


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.maturity", description=__doc__)
    commands = parser.add_subparsers(required=True)
    for module in (mutations, edges):
        first = (module.__doc__ or "").partition("\n")[0]
        name = module.__name__.rpartition(".")[2]
        command = commands.add_parser(name, help=first, description=first)
        command.add_argument("--home", type=Path, help="a home with the sample company, built")
        module.add_options(command)
        command.set_defaults(run=module.run)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        return int(arguments.run(arguments, Path(folder)))


if __name__ == "__main__":
    sys.exit(main())
