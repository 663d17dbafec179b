"""The interoperability suite: starts the parties, drives them, prints the matrix. See docs/interop.md.

Called by run.sh, which installs what is needed first.
"""

import argparse
import signal
import subprocess
import sys
import time
import traceback

import browser
import direct
import document
import gateway
import matrix
import parties
import products
import scenarios
from processes import Processes
from world import HERE, METADATA, PARTIES, PKI, PORTALS, PUBLISHERS

REPOSITORY = HERE.parents[1]


def make_keys() -> None:
    """Fresh keys for everybody, by the script that makes every test key of the project."""
    command = [str(REPOSITORY / "certs" / "make-test-pki.sh"), str(PKI)]
    for portal in PORTALS:
        command += ["--portal", portal.name]
    for publisher in PUBLISHERS:
        command += ["--publisher", publisher.name]
    for party in PARTIES.values():
        command += ["--host", party.host]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def run_everything(run: Processes, result: matrix.Results, checks: list[matrix.Check], in_browser: list[tuple]) -> None:
    """Everybody knows everybody by their own metadata; then the pairs, what goes beyond them, the browser."""
    gateway.start(run)
    gateway.fetch_metadata()
    parties.start_portals(run, [METADATA / "octroi-sp.xml"])
    parties.start_publishers(run, METADATA / "octroi-idp.xml")
    for check in checks:
        result.run(check)
    if in_browser:
        browser.run_all(result, in_browser)


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--direct", action="store_true", help="portals against publishers, without the gateway")
    options.add_argument("--write", action="store_true", help="rewrite the matrix in docs/interop.md")
    options.add_argument("--only", default="", help="only cells whose name contains this")
    options.add_argument("--hold", action="store_true", help="keep everything up afterwards until interrupted")
    chosen = options.parse_args()
    # Ending by a signal runs the `with` blocks too, so that nothing stays behind.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))

    begun = time.monotonic()
    def wanted(cells: list) -> list:
        names = ((cell.row, cell.column) if isinstance(cell, matrix.Check) else cell for cell in cells)
        return [cell for cell, (row, column) in zip(cells, names) if chosen.only in f"{row} {column}"]

    if chosen.direct:
        checks, in_browser = wanted([check for portal in PORTALS for check in direct.checks(portal)]), []
    else:
        checks, in_browser = wanted(scenarios.pairs() + scenarios.beyond_pairs()), wanted(browser.cells())
    result = matrix.Results(planned=[(check.row, check.column) for check in checks] + in_browser)
    with Processes() as run:
        try:
            products.reset()
            make_keys()
            parties.introduce(run)
            if chosen.direct:
                direct.run_all(run, result, wanted)
            else:
                run_everything(run, result, checks, in_browser)
        except KeyboardInterrupt:
            print("interop: interrupted", file=sys.stderr)
        except Exception:  # whatever it is, everything is stopped and what was planned is counted
            traceback.print_exc()
        if chosen.hold:
            print("interop: everything stays up; end with Ctrl-C", flush=True)
            try:
                signal.pause()
            except KeyboardInterrupt:
                pass
    result.close()
    seconds = time.monotonic() - begun
    print(result.table())
    if chosen.write and not chosen.direct and not chosen.only:
        document.write(result)
    print(f"seconds: {seconds:.0f}")
    print(result.last_line())
    return 0 if result.clean() else 1


if __name__ == "__main__":
    sys.exit(main())
