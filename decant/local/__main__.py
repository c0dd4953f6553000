"""`python -m decant.local`: start local AWS, print its addresses, stay until Ctrl-C."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from decant.local.errors import LocalAwsFailed
from decant.local.process import LocalAws, StartOptions, default_state_dir, serve


def _print_addresses(local: LocalAws) -> None:
    sys.stdout.write(
        f"AWS endpoint  {local.record.endpoint_url}  (access key and secret: test)\n"
        f"Site          {local.record.site_url}\n"
        f"State and log {local.folder.root}\n"
        "Ctrl-C stops it.\n"
    )
    sys.stdout.flush()


def main() -> None:
    """Read the command line and serve."""
    parser = argparse.ArgumentParser(prog="python -m decant.local", description=__doc__)
    parser.add_argument("--state-dir", type=Path, default=default_state_dir())
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--site-port", type=int, default=0)
    parser.add_argument("--region", default="us-east-1")
    parser.add_argument("--persist", action="store_true", help="keep the state for the next start")
    parser.add_argument("--fresh", action="store_true", help="forget the state of earlier runs")
    given = parser.parse_args()
    options = StartOptions(given.fresh, given.persist, given.port, given.site_port, given.region)
    try:
        serve(given.state_dir, options, _print_addresses)
    except LocalAwsFailed as failure:
        sys.exit(str(failure))


if __name__ == "__main__":
    main()
