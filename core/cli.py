"""The command `relata`: the window, and everything that it can do without one."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, get_args

from core.cli_study import add_study_verb, fourfold
from core.datasets import SPLITS, split_examples
from core.errors import UserError
from core.scene import PROPERTIES, Geometry, Task
from core.terminal import say_assumed, watch

if TYPE_CHECKING:
    from core.families.model import Model


def main(argv: Sequence[str] | None = None) -> int:
    """Run one verb; without one, open the window. Exit status 0 if all went well, 2 for a user's mistake."""
    arguments = _parser().parse_args(argv)
    try:
        status: int = arguments.run(arguments)
    except UserError as error:
        print(f"relata: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("relata: stopped; what was written is kept", file=sys.stderr)
        return 130
    return status


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="relata", description="A laboratory for looking into vision transformers.")
    parser.set_defaults(run=_window)
    verbs = parser.add_subparsers(title="verbs")
    _add_render(verbs.add_parser("render", help="write a set of stimuli as PNG with a JSON manifest"))
    _add_train(verbs.add_parser("train", help="train a model from a recipe; run again to go on"))
    _add_das(verbs.add_parser("das", help="learn the subspaces of a property by interchange interventions"))
    _add_probe(verbs.add_parser("probe", help="fit linear probes for the relation of a pair, to push pairs with"))
    add_study_verb(verbs)
    selftest = verbs.add_parser("selftest", help="check parity, accuracy and one flip of the bundled model")
    selftest.add_argument("--json", action="store_true")
    selftest.add_argument("--model", default="discrimination")
    selftest.set_defaults(run=_selftest)
    return parser


def _add_render(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("--split", choices=SPLITS, default="test")
    verb.add_argument("--n", type=int, default=100)
    verb.add_argument("--task", choices=get_args(Task), default="discrimination")
    verb.add_argument("--kinds", type=int, choices=(256, 32), default=256)
    verb.add_argument("--patch", type=int, choices=(14, 16, 32), default=16)
    verb.add_argument("--seed", type=int, default=0)
    verb.add_argument("--out", type=Path, required=True)
    verb.set_defaults(run=_render)


def _add_train(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("recipe", help="a TOML file, or the name of a shipped recipe")
    verb.add_argument("--out", type=Path, required=True, help="the .safetensors file to write")
    verb.add_argument("--device", default="auto")
    verb.add_argument("--n-test", type=_even, default=6400, help="images of each set to measure on")
    verb.set_defaults(run=_train)


def _add_das(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("--model", default="discrimination")
    verb.add_argument("--property", choices=(*PROPERTIES, "both"), default="both")
    verb.add_argument("--layers", default="all", help="all, or block numbers such as 0,1,2; -1 is the embeddings")
    verb.add_argument("--pairs", type=_even, default=2000, help="pairs to search on")
    verb.add_argument("--tests", type=_even, default=2000, help="pairs to measure on")
    verb.add_argument("--epochs", type=int, default=20)
    verb.add_argument("--seed", type=int, default=0)
    verb.add_argument("--device", default="auto")
    verb.add_argument("--out", type=Path, help="folder to write; by default the model's own")
    verb.set_defaults(run=_das)


def _add_probe(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("--model", default="discrimination")
    verb.add_argument("--images", type=fourfold, default=4000, help="images to fit on")
    verb.add_argument("--tests", type=fourfold, default=2000, help="images to measure on")
    verb.add_argument("--seed", type=int, default=0)
    verb.add_argument("--device", default="auto")
    verb.add_argument("--out", type=Path, help="the .safetensors file to write; by default the model's own")
    verb.set_defaults(run=_probe)


def _even(word: str) -> int:
    """How many examples: half of them are same and half different."""
    if not word.isascii() or not word.isdigit() or int(word) < 2 or int(word) % 2:
        raise argparse.ArgumentTypeError(f"{word} is no even number above 0")
    return int(word)


def _window(_: argparse.Namespace) -> int:
    """The window lives in a process of its own, so that this one never loads Qt."""
    return subprocess.run([sys.executable, "-m", "app"], check=False).returncode


def _render(arguments: argparse.Namespace) -> int:
    from PIL import Image

    from core.render import render

    geometry = Geometry(patch_px=arguments.patch)
    examples = split_examples(
        arguments.split,
        arguments.n,
        task=arguments.task,
        n_kinds=arguments.kinds,
        seed=arguments.seed,
        geometry=geometry,
    )
    manifest = []
    try:
        arguments.out.mkdir(parents=True, exist_ok=True)
        for index, example in enumerate(examples):
            name = f"{index:05d}-{example.condition}.png"
            Image.fromarray(render(example.stimulus)).save(arguments.out / name)
            manifest.append({"file": name, **asdict(example)})
        (arguments.out / "manifest.json").write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8")
    except OSError as error:
        raise UserError(f"{arguments.out} could not be written: {error}.", "Name another folder.") from error
    print(f"{len(examples)} images and manifest.json in {arguments.out}")
    return 0


def _train(arguments: argparse.Namespace) -> int:
    from core.cards import resource_folder
    from core.families.model import choose_device
    from core.jobs.recipe import read_recipe
    from core.jobs.train import train_model

    path = Path(arguments.recipe)
    shipped = resource_folder("recipes") / f"{arguments.recipe}.toml"
    recipe = read_recipe(shipped if shipped.is_file() and not path.is_file() else path)
    card = watch(train_model(recipe, arguments.out, choose_device(arguments.device), n_test=arguments.n_test))
    print(json.dumps(card["accuracy"], indent=2))
    return 0


def _das(arguments: argparse.Namespace) -> int:
    from core.cards import subspace_folder
    from core.engine import verify
    from core.families.files import open_model
    from core.families.model import choose_device
    from core.jobs.fit_subspace import FittedSubspace, SearchOptions, fit_subspaces
    from core.subspaces import save_subspace, subspace_file

    model = verify(open_model(arguments.model, choose_device(arguments.device)))
    say_assumed(model.assumed)
    blocks = _blocks(arguments.layers, model)
    properties = PROPERTIES if arguments.property == "both" else (arguments.property,)
    options = SearchOptions(
        n_pairs=arguments.pairs, n_test=arguments.tests, epochs=arguments.epochs, seed=arguments.seed
    )
    n_kinds = int(model.card.get("recipe", {}).get("n_kinds", 256))
    folder = arguments.out or subspace_folder(arguments.model)

    def keep(fitted: FittedSubspace) -> None:
        card = fitted.card
        save_subspace(subspace_file(folder, card["property"], card["block"]), fitted.tensors, card)
        print(
            f"\r\033[K{card['property']} after block {card['block']}: IIA {card['iia']:.3f}, wrong object "
            f"{card['wrong_object_iia']:.3f}, size {card['subspace_size']} (n {card['n_test']})"
        )

    for property in properties:
        watch(fit_subspaces(model, property, blocks, options, n_kinds=n_kinds, keep=keep))
    return 0


def _probe(arguments: argparse.Namespace) -> int:
    from core.cards import probe_file
    from core.engine import verify
    from core.families.files import open_model
    from core.families.model import choose_device
    from core.probes import save_probes
    from core.studies.probe import ProbeOptions
    from core.studies.probe_asset import probe_asset

    model = verify(open_model(arguments.model, choose_device(arguments.device)))
    say_assumed(model.assumed)
    options = ProbeOptions(n_images=arguments.images)
    probes, card = watch(probe_asset(model, options, n=arguments.tests, seed=arguments.seed))
    path = arguments.out or probe_file(arguments.model)
    save_probes(path, probes, card)
    for row in card["blocks"]:
        edits = "; ".join(f"α {e['alpha']:g} {e['success']:.3f}, control {e['control']:.3f}" for e in row["edits"])
        print(f"after block {row['block']}: right {row['accuracy']:.3f}; flips at {edits} (n {row['n']})")
    print(path)
    return 0


def _blocks(words: str, model: Model) -> list[int]:
    if words == "all":
        return list(range(-1, model.n_blocks))
    try:
        blocks = [int(word) for word in words.split(",")]
    except ValueError:
        blocks = []
    if not blocks or not all(-1 <= block < model.n_blocks for block in blocks):
        raise UserError(
            f"“{words}” names no blocks of {model.name}.", f"Use all, or numbers from -1 to {model.n_blocks - 1}."
        )
    return blocks


def _selftest(arguments: argparse.Namespace) -> int:
    from core.selftest import selftest

    report = watch(selftest(arguments.model), quiet=arguments.json)
    if arguments.json:
        print(json.dumps(report, indent=2))
    else:
        for check in report["checks"]:
            print(f"{'ok  ' if check['ok'] else 'FAIL'} {check['name']}: {check['said']}")
        for sentence in report.get("assumed", ()):
            print(f"note {sentence}")
    return 0 if report["ok"] else 1


if __name__ == "__main__":
    sys.exit(main())
