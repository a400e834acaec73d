from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors.torch import load_file, save_file

from core.errors import UserError
from core.families.files import open_model, save_model, write_tensors
from core.families.model import weights_hash
from core.locations import bundled_models
from tests.core.networks import CARD, TINY, save_tiny, tiny_network

CPU = torch.device("cpu")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "tiny.safetensors"
    save_tiny(path)
    return path


def change_card(file: Path, **changes: Any) -> None:
    card = json.loads(file.with_suffix(".json").read_text(encoding="utf-8"))
    file.with_suffix(".json").write_text(json.dumps({**card, **changes}), encoding="utf-8")


def test_a_saved_model_opens_with_the_same_weights_and_card(file: Path) -> None:
    model = open_model(str(file), CPU)

    for name, value in tiny_network().state_dict().items():
        assert torch.equal(model.network.state_dict()[name], value.half().float())
    assert model.name == "tiny"
    assert model.labels == ("different", "same")
    assert (model.mean, model.std) == ((0.5, 0.5, 0.5), (0.5, 0.5, 0.5))
    assert model.card["weights_sha256"] == model.weights_hash


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="elsewhere every name is text")
def test_a_model_in_a_folder_whose_name_is_no_text_opens(tmp_path: Path) -> None:
    folder = Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9"))
    folder.mkdir()

    name = save_tiny(folder / "tiny.safetensors")

    assert open_model(name, CPU).card["weights_sha256"]


def test_an_opened_model_cannot_be_changed_by_running_it(file: Path) -> None:
    model = open_model(str(file), CPU)

    assert not model.network.training
    assert not any(parameter.requires_grad for parameter in model.network.parameters())
    assert all(parameter.dtype == torch.float32 for parameter in model.network.parameters())


def test_a_name_that_is_neither_bundled_nor_a_file_is_refused(tmp_path: Path) -> None:
    for reference in ("nothing", str(tmp_path / "none.safetensors"), str(tmp_path)):
        with pytest.raises(UserError, match="There is no model"):
            open_model(reference, CPU)


def test_a_missing_card_is_refused(file: Path) -> None:
    file.with_suffix(".json").unlink()

    with pytest.raises(UserError, match=r"card tiny\.json could not be read"):
        open_model(str(file), CPU)


@pytest.mark.parametrize("text", ["", "{", '{"network": ', "\x00\x01", "\udcff"])
def test_a_damaged_card_is_refused(file: Path, text: str) -> None:
    file.with_suffix(".json").write_bytes(text.encode("utf-8", "surrogateescape"))

    with pytest.raises(UserError, match="could not be read"):
        open_model(str(file), CPU)


@pytest.mark.parametrize("text", ["[]", "3", "null", '"tiny"'])
def test_a_card_that_is_no_object_is_refused(file: Path, text: str) -> None:
    file.with_suffix(".json").write_text(text)

    with pytest.raises(UserError, match="not a JSON object"):
        open_model(str(file), CPU)


@pytest.mark.parametrize("name", ["network", "mean", "std", "labels"])
def test_a_card_that_lacks_a_part_is_refused(file: Path, name: str) -> None:
    card = {key: value for key, value in CARD.items() if key != name}
    file.with_suffix(".json").write_text(json.dumps(card))

    with pytest.raises(UserError, match="does not fit its card"):
        open_model(str(file), CPU)


@pytest.mark.parametrize(
    "changes",
    [
        {"network": "tiny"},
        {"network": {**TINY, "embed_dim": 48}},
        {"network": {**TINY, "embed_dim": 33}},
        {"network": {**TINY, "depth": 4}},
        {"network": {**TINY, "depth": 2}},
        {"network": {**TINY, "patch_size": 8}},
        {"network": {**TINY, "patch_size": 0}},
        {"network": {**TINY, "img_size": "large"}},
        {"network": {**TINY, "num_heads": 0}},
        {"network": {**TINY, "num_classes": 3}},
        {"network": {**TINY, "global_pool": "sum"}},
        {"network": {**TINY, "wings": 2}},
        {"network": {**TINY, "depth": 10**9}},
        {"network": {**TINY, "embed_dim": 10**9}},
        {"network": {**TINY, "img_size": 10**9}},
        {"network": {**TINY, "act_layer": "wings"}},
        {"network": {**TINY, "norm_eps": 0}},
        {"network": ["img_size"]},
        {"network": None},
        {"mean": [0.5, 0.5]},
        {"mean": [127.5, 127.5, 127.5]},
        {"std": [127.5, 127.5, 127.5]},
        {"std": [0.5, 0.0, 0.5]},
        {"std": [True, True, True]},
        {"std": None},
        {"labels": ["same", "same"]},
        {"labels": [0, 1]},
        {"labels": "ab"},
        {"task": "counting"},
        {"task": ["rmts"]},
        {"recipe": "mine"},
        {"recipe": {"n_kinds": "32"}},
        {"recipe": {"n_kinds": 100}},
        {"recipe": {"n_kinds": None}},
        {"mean": 0.5},
        {"std": ["a", "b", "c"]},
        {"labels": ["different"]},
        {"labels": 2},
    ],
    ids=str,
)
def test_weights_that_do_not_fit_their_card_are_refused(file: Path, changes: dict[str, Any]) -> None:
    change_card(file, **changes)

    with pytest.raises(UserError, match=r"tiny\.safetensors does not fit its card"):
        open_model(str(file), CPU)


def test_a_network_that_the_executor_cannot_run_is_refused(file: Path) -> None:
    change_card(file, network={**TINY, "global_pool": ""})

    with pytest.raises(UserError, match="no pooled read-out"):
        open_model(str(file), CPU)


@pytest.mark.parametrize("name", ["mean", "std"])
@pytest.mark.parametrize("text", ["NaN", "Infinity", "1e999"])
def test_a_card_with_a_number_that_is_not_finite_is_refused_with_its_place(file: Path, name: str, text: str) -> None:
    card = json.dumps({**CARD, name: [0.5, "HERE", 0.5]}).replace('"HERE"', text)
    file.with_suffix(".json").write_text(card, encoding="utf-8")

    with pytest.raises(UserError, match=rf"card tiny\.json could not be read: {name}\.1 is"):
        open_model(str(file), CPU)


@pytest.mark.parametrize("wrong", [float("nan"), float("inf")])
@pytest.mark.parametrize("name", ["head.bias", "blocks.1.attn.qkv.weight"])
def test_a_weight_that_is_not_finite_is_refused_by_the_name_of_its_tensor(file: Path, name: str, wrong: float) -> None:
    state = load_file(file)
    state[name].view(-1)[0] = wrong
    save_file(state, file)

    with pytest.raises(UserError, match=f"tiny.safetensors holds numbers that are not finite, in “{name}”"):
        open_model(str(file), CPU)


def test_weights_too_large_for_half_precision_are_not_written(file: Path) -> None:
    before, network = file.read_bytes(), tiny_network()
    network.head.bias.data[0] = 1e6

    with pytest.raises(UserError, match=r"not finite, in “head\.bias”"):
        save_model(file, network, CARD)
    assert file.read_bytes() == before


@pytest.mark.parametrize("n", [1, 4])
def test_a_network_for_images_of_other_channels_is_refused_when_it_is_opened(tmp_path: Path, n: int) -> None:
    file = tmp_path / "grey.safetensors"
    save_model(file, tiny_network(in_chans=n), {**CARD, "network": {**TINY, "in_chans": n}})

    with pytest.raises(UserError, match=rf"{n} channels \(in_chans\)"):
        open_model(str(file), CPU)


def test_a_head_opens_with_different_and_same_first_whatever_its_order(file: Path) -> None:
    turned = file.with_name("turned.safetensors")
    network, x = tiny_network(num_classes=3), torch.rand(2, 3, 64, 64)
    save_model(
        turned, network, {**CARD, "network": {**TINY, "num_classes": 3}, "labels": ["same", "unsure", "different"]}
    )

    model = open_model(str(turned), CPU)

    assert model.labels == ("different", "same", "unsure")
    assert model.judges_relation
    with torch.inference_mode():
        torch.testing.assert_close(model.network(x), network.half().float()(x)[:, [2, 0, 1]], atol=1e-5, rtol=0)
    assert model.weights_hash == weights_hash(load_file(turned)), "the hash is of the file"


def test_a_card_says_epsilon_and_activation_and_what_it_does_not_say_is_assumed(file: Path) -> None:
    change_card(file, network=TINY)
    assert "Assumed" in open_model(str(file), CPU).assumed[0]

    change_card(file, network={**TINY, "norm_eps": 1e-12, "act_layer": "quick_gelu"})
    model = open_model(str(file), CPU)

    assert model.assumed == ()
    assert model.blocks[0].norm1.eps == 1e-12
    x = torch.rand(1, 3, 64, 64)
    with torch.inference_mode():
        assert not torch.allclose(model.network(x), tiny_network().half().float()(x), atol=1e-3)


@pytest.mark.parametrize("name", bundled_models())
def test_a_bundled_card_says_everything(name: str) -> None:
    assert open_model(name, CPU).assumed == ()


def test_weights_of_another_network_are_refused(file: Path) -> None:
    state = load_file(file)
    del state["norm.weight"]
    save_file(state, file)

    with pytest.raises(UserError, match="does not fit its card"):
        open_model(str(file), CPU)


@given(share=st.floats(0, 0.999))
def test_a_truncated_file_is_refused(tmp_path_factory: pytest.TempPathFactory, share: float) -> None:
    file = tmp_path_factory.getbasetemp() / "truncated.safetensors"
    if not file.with_suffix(".json").exists():
        save_tiny(file)
        file.rename(file.with_suffix(".whole"))
    whole = file.with_suffix(".whole").read_bytes()
    file.write_bytes(whole[: int(len(whole) * share)])

    with pytest.raises(UserError, match="could not be read"):
        open_model(str(file), CPU)


def test_a_pickle_in_place_of_safetensors_is_refused(file: Path) -> None:
    torch.save(tiny_network().state_dict(), file)

    with pytest.raises(UserError, match="could not be read"):
        open_model(str(file), CPU)


def test_writing_into_something_that_is_no_folder_is_a_users_error(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file")

    with pytest.raises(UserError, match="could not be written"):
        write_tensors(tmp_path / "taken" / "x.safetensors", {"a": torch.zeros(2)}, {})


def test_a_failed_write_keeps_the_earlier_file_and_leaves_no_rest(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = {path.name: path.read_bytes() for path in file.parent.iterdir()}

    def full(*_: object, **__: object) -> None:
        raise OSError("No space left on device")

    for target in ("pathlib.Path.write_bytes", "os.replace"):
        with monkeypatch.context() as patch:
            patch.setattr(target, full)
            with pytest.raises(UserError, match="No space left"):
                save_model(file, tiny_network(seed=1), CARD)
        assert {path.name: path.read_bytes() for path in file.parent.iterdir()} == before


def test_weights_are_shipped_in_half_precision(file: Path) -> None:
    assert {value.dtype for value in load_file(file).values()} == {torch.float16}
