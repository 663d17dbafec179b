"""Collects what each cell of the matrix did, and prints it."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from client import FlowError


@dataclass
class Cell:
    row: str
    column: str
    outcome: str  # passed | failed | skipped
    seconds: float
    why: str = ""


@dataclass
class Results:
    cells: list[Cell] = field(default_factory=list)

    def check(self, row: str, column: str, cell: Callable[[], None], only: str = "") -> None:
        """Runs a cell. What it raises is its failure; the suite goes on."""
        if only not in f"{row} {column}":
            return
        begun = time.monotonic()
        try:
            cell()
            self.cells.append(Cell(row, column, "passed", time.monotonic() - begun))
        except FlowError as error:
            self._note(Cell(row, column, "failed", time.monotonic() - begun, str(error)))
        except Exception as error:  # a cell that breaks in another way failed too, and says how
            self._note(Cell(row, column, "failed", time.monotonic() - begun, f"{type(error).__name__}: {error}"))

    def failed(self, row: str, column: str, why: str) -> None:
        self._note(Cell(row, column, "failed", 0, why))

    def skipped(self, row: str, column: str, why: str) -> None:
        self._note(Cell(row, column, "skipped", 0, why))

    def _note(self, cell: Cell) -> None:
        self.cells.append(cell)
        print(f"{cell.outcome}: {cell.row} | {cell.column}: {cell.why}", flush=True)

    def _counts(self) -> dict[str, int]:
        return {o: sum(c.outcome == o for c in self.cells) for o in ("passed", "failed", "skipped")}

    def clean(self) -> bool:
        return bool(self.cells) and all(c.outcome == "passed" for c in self.cells)

    def table(self) -> str:
        """A Markdown table: a row for each portal or scenario, a column for each publisher or variant."""
        columns = list(dict.fromkeys(c.column for c in self.cells))
        rows = list(dict.fromkeys(c.row for c in self.cells))
        found = {(c.row, c.column): c.outcome for c in self.cells}
        lines = ["| | " + " | ".join(columns) + " |", "|---" * (len(columns) + 1) + "|"]
        lines += [f"| {r} | " + " | ".join(found.get((r, c), "–") for c in columns) + " |" for r in rows]
        return "\n".join(lines)

    def last_line(self) -> str:
        n = self._counts()
        return f"interop: expected={len(self.cells)} passed={n['passed']} failed={n['failed']} skipped={n['skipped']}"
