"""The command `relata`: the window, and everything that it can do without one."""

from __future__ import annotations

import argparse
import json
import signal
import sys
from collections.abc import Sequence
from dataclasses import asdict
from io import BytesIO
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, get_args

from core.arguments import EPOCHS_MAX, Parser, blocks_named, even, fourfold, one_of, seed, share, whole
from core.cards import LARGEST_IMAGE_PX
from core.cli.ask import add_ask_verb
from core.cli.figure import add_figure_verb
from core.cli.film import add_film_verb
from core.cli.head import add_head_verb
from core.cli.holds import add_holds_verbs
from core.cli.importing import add_import_verb
from core.cli.models import add_models_verb
from core.cli.open import add_open_verb
from core.cli.set import add_set_verb
from core.cli.study import add_study_verb
from core.cli.talk import add_talk_verb
from core.documents.files import SUFFIX
from core.errors import UserError
from core.figures.state import SUFFIXES
from core.set_job import check_others
from core.signals import STATUS
from core.site import block_words
from core.start import become, has_working_directory, window_command
from core.stimuli.datasets import EXAMPLES_MAX, SPLITS, check_balance, split_examples
from core.stimuli.stimulus import PROPERTIES, Geometry, Task
from core.storage import check_folder, check_tensor_file, tensor_file, write_files, write_text
from core.streams import printing, say
from core.terminal import DEVICE_HELP, MODEL_HELP, add_named_arguments, device_of, locate, say_assumed, watch

if TYPE_CHECKING:
    from core.jobs.recipe import Recipe


def main(argv: Sequence[str] | None = None) -> int:
    """Run one verb; without one, open the window. Exit status 0 if all went well, 2 for a user's mistake."""
    with printing():
        words = list(sys.argv[1:] if argv is None else argv)
        if words[:1] and words[0].lower().endswith((SUFFIX, *SUFFIXES)):
            return _run(argparse.Namespace(run=_window, file=Path(words[0])))
        return _run(_parser().parse_args(words))


def _run(arguments: argparse.Namespace) -> int:
    try:
        if arguments.run is not _window and not has_working_directory():
            raise UserError("The folder in which you are was deleted.", "Change to another one, such as: cd ~")
        locate(arguments)
        status: int = arguments.run(arguments)
    except UserError as error:
        say(f"relata: {error}")
        return 2
    except KeyboardInterrupt as stop:
        say("relata: stopped; what was written is kept")
        return STATUS + (stop.args[0] if stop.args else signal.SIGINT)
    return status


def _parser() -> argparse.ArgumentParser:
    parser = Parser(prog="relata", description="A laboratory for looking into vision transformers.")
    parser.epilog = f"relata FILE{SUFFIX} opens the window on a document, and on a figure that carries one."
    parser.set_defaults(run=_window, file=None)
    verbs = parser.add_subparsers(title="verbs")
    _add_render(verbs.add_parser("render", help="write a set of stimuli as PNG with a JSON manifest"))
    _add_train(verbs.add_parser("train", help="train a model from a recipe; run again to go on"))
    _add_das(verbs.add_parser("das", help="learn the subspaces of a property by interchange interventions"))
    _add_probe(verbs.add_parser("probe", help="fit linear probes for the relation of a pair, to push pairs with"))
    add_study_verb(verbs)
    add_ask_verb(verbs)
    add_head_verb(verbs)
    add_holds_verbs(verbs)
    add_import_verb(verbs)
    add_models_verb(verbs)
    add_open_verb(verbs)
    add_figure_verb(verbs)
    add_set_verb(verbs)
    add_talk_verb(verbs)
    add_film_verb(verbs)
    selftest = verbs.add_parser("selftest", help="check parity, answers, accuracy and one flip of a model")
    selftest.add_argument("--json", action="store_true")
    selftest.add_argument("--model", default="discrimination", help=MODEL_HELP)
    add_named_arguments(selftest)
    selftest.add_argument("--device", default="auto", help=DEVICE_HELP)
    selftest.set_defaults(run=_selftest)
    return parser


def _add_render(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("--split", choices=SPLITS, default="test")
    verb.add_argument("--n", type=whole(1, EXAMPLES_MAX), default=100)
    verb.add_argument("--task", choices=get_args(Task), default="discrimination")
    verb.add_argument("--kinds", type=one_of(256, 32), metavar="{256,32}", default=256)
    verb.add_argument("--patch", type=one_of(8, 14, 16, 32), metavar="{8,14,16,32}", default=16)
    verb.add_argument("--image", type=whole(32, LARGEST_IMAGE_PX), default=224, help="pixels along a side")
    verb.add_argument("--seed", type=seed, default=0)
    verb.add_argument("--out", type=Path, required=True)
    verb.set_defaults(run=_render)


def _add_train(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("recipe", nargs="?", help="a TOML file, or the name of a shipped recipe")
    verb.add_argument("--init", default="", help=f"fine-tune this model: {MODEL_HELP}")
    add_named_arguments(verb)
    verb.add_argument("--task", choices=get_args(Task), help="what to fine-tune it on (default: discrimination)")
    verb.add_argument("--tune", choices=("all", "head", "low-rank"), help="what of it learns (default: low-rank)")
    verb.add_argument("--images", type=whole(2, 10**12), help="images to learn from")
    verb.add_argument("--out", type=Path, required=True, help="the .safetensors file to write")
    verb.add_argument("--device", default="auto", help=DEVICE_HELP)
    verb.add_argument("--n-test", type=even, default=6400, help="images of each set to measure on")
    verb.set_defaults(run=_train)


def _add_das(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("--model", default="discrimination", help=MODEL_HELP)
    add_named_arguments(verb)
    verb.add_argument("--property", choices=(*PROPERTIES, "both"), default="both")
    verb.add_argument("--layers", default="all", help="all, or block numbers such as 0,1,2; -1 is the embeddings")
    verb.add_argument("--pairs", type=even, default=2000, help="pairs to search on")
    verb.add_argument("--tests", type=even, default=2000, help="pairs to measure on")
    verb.add_argument("--epochs", type=whole(1, EPOCHS_MAX), default=20)
    verb.add_argument("--batch", type=whole(1, EXAMPLES_MAX), default=64, help="pairs a step (default: 64)")
    verb.add_argument(
        "--start",
        default="random",
        metavar="random|class means|MODEL",
        help="the rotation before the first step, also that of another model (default: random, as in the study)",
    )
    verb.add_argument(
        "--keep-background",
        type=share,
        default=1.0,
        metavar="SHARE",
        help="of background tokens that the search runs on; what is measured is measured on all (default: 1)",
    )
    verb.add_argument("--seed", type=seed, default=0)
    verb.add_argument("--device", default="auto", help=DEVICE_HELP)
    verb.add_argument("--out", type=Path, help="folder to write; by default where the window looks")
    verb.set_defaults(run=_das)


def _add_probe(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("--model", default="discrimination", help=MODEL_HELP)
    add_named_arguments(verb)
    verb.add_argument("--images", type=fourfold, default=4000, help="images to fit on")
    verb.add_argument("--tests", type=fourfold, default=2000, help="images to measure on")
    verb.add_argument("--seed", type=seed, default=0)
    verb.add_argument("--device", default="auto", help=DEVICE_HELP)
    verb.add_argument("--out", type=Path, help="the .safetensors file to write; by default where the window looks")
    verb.set_defaults(run=_probe)


def _window(arguments: argparse.Namespace) -> int:
    """The window is a program of its own, so that `core` never loads Qt."""
    return become(window_command(*([str(arguments.file.absolute())] if arguments.file else [])))


def _render(arguments: argparse.Namespace) -> int:
    from PIL import Image

    from core.stimuli.render import render

    check_balance(arguments.task, arguments.n)
    check_folder(arguments.out)
    geometry = Geometry(arguments.image, arguments.patch)
    examples = split_examples(
        arguments.split,
        arguments.n,
        task=arguments.task,
        n_kinds=arguments.kinds,
        seed=arguments.seed,
        geometry=geometry,
    )
    names = [f"{index:05d}-{example.condition}.png" for index, example in enumerate(examples)]
    check_others(arguments.out, {"manifest.json", *names})
    manifest = []
    for name, example in zip(names, examples, strict=True):
        pixels = BytesIO()
        Image.fromarray(render(example.stimulus)).save(pixels, "PNG")
        write_files({arguments.out / name: pixels.getvalue()})
        manifest.append({"file": name, **asdict(example)})
    write_text(arguments.out / "manifest.json", json.dumps(manifest, indent=1) + "\n")
    print(f"{len(examples)} images and manifest.json in {arguments.out}")
    return 0


def _train(arguments: argparse.Namespace) -> int:
    from core.jobs.train import train_model

    out = tensor_file(arguments.out)
    recipe = _recipe(arguments)
    card = watch(train_model(recipe, out, device_of(arguments), n_test=arguments.n_test))
    if card:
        print(json.dumps(card["accuracy"], indent=2))
        say(str(out))
    return 0


def _recipe(arguments: argparse.Namespace) -> Recipe:
    """The recipe that is named, or that of fine-tuning, with what the other arguments say.

    Raises UserError where neither a recipe nor a model to fine-tune is named.
    """
    from core.jobs.recipe import read_recipe
    from core.locations import resource_folder

    if not arguments.recipe and not arguments.init:
        raise UserError("There is nothing to train.", "Name a recipe, or a model to fine-tune: --init dinov2-small.")
    name = arguments.recipe or "fine-tune"
    shipped = resource_folder("recipes") / f"{name}.toml"
    given = {"init": arguments.init, "task": arguments.task, "tune": arguments.tune, "n_images": arguments.images}
    changes = {setting: value for setting, value in given.items() if value}
    return read_recipe(shipped if shipped.is_file() and not Path(name).is_file() else Path(name), changes)


def _das(arguments: argparse.Namespace) -> int:
    from core.assets.subspace_files import save_subspace, subspace_file
    from core.engine import verify
    from core.families.files import open_model
    from core.jobs.fit_subspace import FittedSubspace, SearchOptions, fit_subspaces
    from core.locations import subspace_folder
    from core.studies.result import n_kinds_of

    folder = arguments.out or subspace_folder(arguments.model)
    check_folder(folder)
    model = verify(open_model(arguments.model, device_of(arguments)))
    say_assumed(model.assumed)
    blocks = blocks_named(arguments.layers, model.n_blocks, model.name)
    properties = PROPERTIES if arguments.property == "both" else (arguments.property,)
    options = SearchOptions(
        arguments.pairs,
        arguments.tests,
        arguments.epochs,
        arguments.batch,
        start=arguments.start,
        keep_background=arguments.keep_background,
        seed=arguments.seed,
    )
    for property, block in product(properties, blocks):
        check_tensor_file(subspace_file(folder, property, block))

    def keep(fitted: FittedSubspace) -> None:
        card = fitted.card
        save_subspace(subspace_file(folder, card["property"], card["block"]), fitted.tensors, card)
        print(
            f"\r\033[K{card['property']} after {block_words(card['block'])}: IIA {card['iia']:.3f}, wrong object "
            f"{card['wrong_object_iia']:.3f}, size {card['subspace_size']} (n {card['n_test']})"
        )

    for property in properties:
        watch(fit_subspaces(model, property, blocks, options, n_kinds=n_kinds_of(model), keep=keep))
    print(folder)
    return 0


def _probe(arguments: argparse.Namespace) -> int:
    from core.assets.probe_files import save_probes
    from core.engine import verify
    from core.families.files import open_model
    from core.locations import probe_file
    from core.studies.measures.probe_asset import probe_asset
    from core.studies.probe import ProbeOptions

    path = tensor_file(arguments.out) if arguments.out else probe_file(arguments.model)
    _check_probe_file(path)
    model = verify(open_model(arguments.model, device_of(arguments)))
    say_assumed(model.assumed)
    options = ProbeOptions(n_images=arguments.images)
    probes, card = watch(probe_asset(model, options, n=arguments.tests, seed=arguments.seed))
    save_probes(path, probes, card)
    for row in card["blocks"]:
        edits = "; ".join(f"α {e['alpha']:g} {e['success']:.3f}, control {e['control']:.3f}" for e in row["edits"])
        print(f"after {block_words(row['block'])}: right {row['accuracy']:.3f}; flips at {edits} (n {row['n']})")
    print(path)
    return 0


def _check_probe_file(path: Path) -> None:
    """Raises UserError where probes cannot be written, or would replace a model or a subspace."""
    from core.cards import read_card

    check_tensor_file(path)
    if path.exists() and "blocks" not in (card := read_card(path)):
        what = "the weights of a model" if "network" in card else "something else than probes"
        raise UserError(f"{path} holds {what}.", "Name another file for the probes.")


def _selftest(arguments: argparse.Namespace) -> int:
    from core.selftest import selftest

    report = watch(selftest(arguments.model, str(device_of(arguments))), quiet=arguments.json)
    if arguments.json:
        print(json.dumps(report, indent=2))
    else:
        for check in report["checks"]:
            word = "not applicable" if check["ok"] is None else "ok" if check["ok"] else "FAIL"
            print(f"{word:4} {check['name']}: {check['said']}")
        for sentence in report.get("assumed", ()):
            print(f"note {sentence}")
    return 0 if report["ok"] else 1
