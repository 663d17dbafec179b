"""Rewrites the part of docs/interop.md that a run produces: the matrix and the versions."""

from matrix import Results
from world import HERE, TOOLS

PAGE = HERE.parents[1] / "docs" / "interop.md"
BEGIN, END = "<!-- matrix: written by tests/interop/run.sh --write -->", "<!-- end of matrix -->"


def write(result: Results) -> None:
    before, _, rest = PAGE.read_text().partition(BEGIN)
    _, _, after = rest.partition(END)
    if not rest or END not in rest:
        raise ValueError(f"{PAGE}: no place for the matrix between its two marks")
    versions = "\n".join(f"- {line}" for line in (TOOLS / "versions.txt").read_text().splitlines())
    PAGE.write_text(f"{before}{BEGIN}\n{result.table()}\n\n`{result.last_line()}`\n\nVersions of this run:\n\n{versions}\n{END}{after}")
