"""What was measured beside what was published, as tables: one for each figure that has a published counterpart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from core.interventions.novel import METHODS
from core.masses import KINDS
from core.scene import PROPERTIES, TASK_WORDS, Task
from core.studies.attention import peak_blocks
from core.studies.behaviour import SPLITS
from core.studies.correlation import TARGETS, published_accuracy
from core.studies.losses import PUBLISHED as SCRATCH
from core.studies.losses import SPLITS as LOSS_SPLITS
from core.studies.published import (
    ATTENTION,
    BEHAVIOUR,
    DAS,
    DISENTANGLEMENT,
    NEAREST,
    NOVEL,
    PROBE,
    SPLIT_NAMES,
    WRONG_OBJECT,
)
from core.studies.result import Row, StudyResult, block_name

PUBLISHED = f"{NEAREST} †"


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of one set of columns, and what a reader must know of the columns or rows marked †."""

    rows: tuple[Row, ...]
    note: str


def tables(result: StudyResult) -> dict[str, Table]:
    """For each figure of a result, by its name, the measured and the published numbers; none where none are known."""
    makers = {
        "das": _das,
        "novel": _novel,
        "probe": _probe,
        "behaviour": _behaviour,
        "attention": _attention,
        "losses": _losses,
        "correlation": _correlation,
    }
    return makers[result.study](result) if result.study in makers else {}


def _das(result: StudyResult) -> dict[str, Table]:
    task = result.settings["task"]
    found = {}
    for p in PROPERTIES:
        ours = _by_block([r for r in result.rows if r["property"] == p], "condition")
        known = {
            "right object": DAS[NEAREST].get(task, {}).get(p, ()),
            "wrong object": WRONG_OBJECT.get(task, {}).get(p, ()),
        }
        found[f"das-{p}"] = _over_blocks(ours, known, _another("trained on all 256 combinations"))
    return found


def _novel(result: StudyResult) -> dict[str, Table]:
    known = NOVEL.get(result.settings["task"], {})
    found = {}
    for p in PROPERTIES:
        ours = _by_block([r for r in result.rows if r["property"] == p], "method")
        drawn = _another("whose vectors were drawn once for 64 images")
        found[f"novel-{p}"] = _over_blocks({m: ours[m] for m in METHODS if m in ours}, known.get(p, {}), drawn)
    return found


def _probe(result: StudyResult) -> dict[str, Table]:
    rows = [r for r in result.rows if r["pair"] == "mean"]
    named = [{**r, "measure": _measure(r)} for r in rows]
    known = {"probe": PROBE["probe"], "intervention, α = 1": PROBE["intervention"], "control, α = 1": PROBE["control"]}
    other = "" if result.settings["task"] == "rmts" else "and on another task, match-to-sample"
    return {"probe": _over_blocks(_by_block(named, "measure"), known, _another(other))}


def _measure(row: Row) -> str:
    return str(row["measure"]) if row["alpha"] is None else f"{row['measure']}, α = {row['alpha']:g}"


def _behaviour(result: StudyResult) -> dict[str, Table]:
    n_kinds = result.settings["n_kinds"]
    known = BEHAVIOUR.get((NEAREST, result.settings["task"], n_kinds))
    theirs = dict(zip(SPLITS, known, strict=True)) if known else {}
    rows = []
    for row in result.rows:
        line: Row = {"split": SPLITS[row["split"]], "measured": row["accuracy"]}
        value = theirs.get(row["split"])
        rows.append(line | ({PUBLISHED: None if value is None else float(value)} if known else {}))
    return {"behaviour": Table(tuple(rows), _another(f"trained on {n_kinds} combinations") if known else "")}


def _attention(result: StudyResult) -> dict[str, Table]:
    """The blocks of our peaks, and what captions say of other models."""
    kinds = [kind for kind in KINDS if kind != "CLS" and kind in result.rows[0]]
    rows: list[Row] = [{"model": result.model, **peak_blocks(result.rows), "in words": "measured"}]
    for caption in ATTENTION:
        peaks = {kind: caption.peaks.get(kind) for kind in kinds}
        source = "published caption" if caption.source == "caption" else f"published caption, {caption.source}"
        rows.append({"model": f"{caption.model} †", **peaks, "in words": f"{caption.said} ({source})"})
    note = "Blocks in which the largest head peaks. † Another model; captions name the peaks of one model alone."
    return {"attention-curves": Table(tuple(rows), note)}


def _losses(result: StudyResult) -> dict[str, Table]:
    """Means over the seeds of every choice of losses and split."""
    task, n_kinds = result.settings["task"], result.settings["recipe"]["n_kinds"]
    rows = []
    for name in dict.fromkeys(row["losses"] for row in result.rows):
        line: Row = {"losses": name}
        known = BEHAVIOUR.get((SCRATCH.get(name, ""), task, n_kinds))
        for split, words in LOSS_SPLITS.items():
            values = [row["accuracy"] for row in result.rows if (row["losses"], row["split"]) == (name, split)]
            line[words] = sum(values) / len(values)
        for split, words in {"val": "IID", "compositional": "new pairings"}.items():
            value = known[SPLIT_NAMES.index(split)] if known else None
            line[f"{words}\nfrom scratch B/16 †"] = None if value is None else float(value)
        rows.append(line)
    note = "† Published logs of a network of 12 blocks and width 768 on 224 px. An empty cell has no number."
    return {f"losses-{task}": Table(tuple(rows), note)}


def _correlation(result: StudyResult) -> dict[str, Table]:
    """Our models and the published ones of the same tasks, one table for each accuracy, with the rank correlations."""
    ours = [row for row in result.rows if row["kind"] == "model" and not row["at_chance"]]
    found = {}
    for target, words in TARGETS.items():
        rows = [_point(row["name"], row["task"], row["disentanglement"], words, row[target]) for row in ours]
        for task in dict.fromkeys(row["task"] for row in ours):
            for name, x in DISENTANGLEMENT[task].items():
                rows.append(_point(f"{name} †", task, x, words, published_accuracy(name, task, target)))
        of = [r for r in result.rows if r["kind"] == "rank correlation" and r["name"] == target]
        ranks = "; ".join(f"{r['over']}, n = {r['n']}: {r['said']}" for r in of)
        note = f"Rank correlation over ours: {ranks}. † Published: other models, trained on 32 combinations."
        if rows:
            found[f"correlation-{target}"] = Table(tuple(rows), note)
    return found


def _point(name: str, task: Task, x: float, words: str, accuracy: float) -> Row:
    return {"model": name, "task": TASK_WORDS[task], "interchange": x, words: accuracy}


Curve = Mapping[int, float]


def _by_block(rows: Sequence[Row], name: str) -> dict[str, Curve]:
    """Success by the value of a column, then by block."""
    curves: dict[str, dict[int, float]] = {}
    for row in rows:
        curves.setdefault(row[name], {})[row["block"]] = row["success"]
    return dict(curves)


def _over_blocks(ours: Mapping[str, Curve], theirs: Mapping[str, Sequence[float]], note: str) -> Table:
    """A row for each block of either model, and for each curve ours and, where there is one, the published one."""
    theirs = {name: values for name, values in theirs.items() if values}
    last = max([*(b for curve in ours.values() for b in curve), *(len(v) - 1 for v in theirs.values())], default=-1)
    first = min((b for curve in ours.values() for b in curve), default=0)
    rows = []
    for block in range(first, last + 1):
        row: Row = {"after block": block_name(block)}
        for name, curve in ours.items():
            row[f"{name}\nmeasured"] = curve.get(block)
            if name in theirs:
                known = theirs[name]
                row[f"{name}\n{PUBLISHED}"] = known[block] if 0 <= block < len(known) else None
        rows.append(row)
    return Table(tuple(rows), note if theirs else "")


def _another(words: str) -> str:
    """The note on a published column."""
    said = f", {words}" if words and not words.startswith("and") else f" {words}" if words else ""
    return f"† {NEAREST}, published: another model with 12 blocks{said}. An empty cell has no number."
