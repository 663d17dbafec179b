"""The interoperability suite: starts the parties, drives them, prints the matrix. See docs/interop.md.

Called by run.sh, which installs what is needed first.
"""

import argparse
import pathlib
import signal
import subprocess
import sys
import time

import direct
import matrix
import parties
import products
import trust
from processes import Processes, StartError
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
    products.reset()
    make_keys()
    result = matrix.Results()
    with Processes() as run:
        try:
            if chosen.direct:
                direct.run_all(run, result, chosen.only)
            if chosen.hold:
                print("interop: everything stays up; end with Ctrl-C")
                signal.pause()
        except StartError as error:
            print(f"interop: {error}", file=sys.stderr)
            result.failed("start", "everything", str(error).splitlines()[0])
        except KeyboardInterrupt:
            pass
    print(result.table())
    print(f"seconds: {time.monotonic() - begun:.0f}")
    print(result.last_line())
    return 0 if result.clean() else 1


if __name__ == "__main__":
    sys.exit(main())
