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
class Check:
    """A cell that will be filled by running `run`; what it raises is its failure."""

    row: str
    column: str
    run: Callable[[], object]


@dataclass
class Results:
    """`planned` is everything that has to happen: a cell that nothing filled counts as skipped, never as absent."""

    planned: list[tuple[str, str]] = field(default_factory=list)
    cells: list[Cell] = field(default_factory=list)

    def run(self, check: Check) -> None:
        begun, why = time.monotonic(), ""
        try:
            check.run()
        except FlowError as error:
            why = str(error)
        except Exception as error:  # a cell that breaks in another way failed too, and says how
            why = f"{type(error).__name__}: {error}"
        self.add(Cell(check.row, check.column, "failed" if why else "passed", time.monotonic() - begun, why))

    def close(self) -> None:
        """After everything: what was planned and did not happen."""
        filled = {(cell.row, cell.column) for cell in self.cells}
        for row, column in self.planned:
            if (row, column) not in filled:
                self.add(Cell(row, column, "skipped", 0, "not reached"))

    def add(self, cell: Cell) -> None:
        self.cells.append(cell)
        print(f"{cell.outcome} {cell.seconds:5.1f} s  {cell.row} | {cell.column}{': ' if cell.why else ''}{cell.why}", flush=True)

    def clean(self) -> bool:
        return bool(self.planned) and all(c.outcome == "passed" for c in self.cells)

    def table(self) -> str:
        """Markdown tables, one for each set of rows that share their columns."""
        rows: dict[str, dict[str, str]] = {}
        for cell in self.cells:
            rows.setdefault(cell.row, {})[cell.column] = cell.outcome
        tables: dict[tuple[str, ...], list[str]] = {}
        for row, cells in rows.items():
            tables.setdefault(tuple(cells), []).append(f"| {row} | " + " | ".join(cells.values()) + " |")
        return "\n\n".join(
            "\n".join(["| | " + " | ".join(columns) + " |", "|---" * (len(columns) + 1) + "|", *lines])
            for columns, lines in tables.items())

    def last_line(self) -> str:
        n = {o: sum(c.outcome == o for c in self.cells) for o in ("passed", "failed", "skipped")}
        return f"interop: expected={len(self.planned)} passed={n['passed']} failed={n['failed']} skipped={n['skipped']}"
