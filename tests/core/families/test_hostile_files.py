"""Files that were made to do harm, or are damaged: nothing in them runs, nothing is written, a sentence says why."""

from __future__ import annotations

import io
import json
import os
import pickle
import struct
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save as to_safetensors
from timm.models.vision_transformer import VisionTransformer

from core.errors import UserError
from core.families.checkpoint import open_checkpoint
from core.families.importing import import_model, propose
from tests.core.families.foreign import quietly, shaken
from tests.core.networks import finish

GB = 10**9
Write = Callable[[Path, Any], None]


def weights(**changes: Any) -> dict[str, Any]:
    return {
        **shaken(VisionTransformer(32, 8, embed_dim=32, depth=2, num_heads=2, num_classes=3)).state_dict(),
        **changes,
    }


@pytest.fixture
def trap(tmp_path: Path) -> Path:
    """A file that is there if anything was run."""
    return tmp_path / "it-ran"


class Payload:
    """What makes a file when it is unpickled, by one of the ways in which a pickle can call a function."""

    def __init__(self, made: Path, way: str) -> None:
        self.made, self.way = made, way

    def __reduce__(self) -> Any:
        call = f"open({str(self.made)!r}, 'w').close()"
        if self.way == "state":
            return (Stateful, (), {"call": call})
        if self.way == "items":
            return (dict, (), None, None, iter([(Evil(call), 1)]))
        return (exec, (call,)) if self.way == "exec" else (os.system, (f"touch {self.made}",))


class Stateful:
    def __setstate__(self, state: dict[str, str]) -> None:
        exec(state["call"])


class Evil:
    """What calls a function when it becomes the key of a table."""

    def __init__(self, call: str) -> None:
        self.call = call

    def __hash__(self) -> int:
        exec(self.__dict__.get("call", ""))
        return 0

    def __reduce__(self) -> Any:
        return (exec, (self.call,))


def in_zip(path: Path, value: Any) -> None:
    torch.save(value, path)


def in_stream(path: Path, value: Any) -> None:
    torch.save(value, path, _use_new_zipfile_serialization=False)


def in_plain_pickle(path: Path, value: Any) -> None:
    path.write_bytes(pickle.dumps(value))


WAYS = ("exec", "system", "state")


@pytest.mark.parametrize("write", [in_zip, in_stream])
@pytest.mark.parametrize("way", WAYS)
def test_a_payload_beside_the_weights_is_never_run(
    way: str, write: Write, tmp_path: Path, trap: Path, library: Path
) -> None:
    write(tmp_path / "evil.pth", {"state_dict": weights(), "extra": Payload(trap, way)})

    path = finish(import_model(tmp_path / "evil.pth", {"num_heads": 2}))

    assert path.exists()
    assert not trap.exists()


@pytest.mark.parametrize("write", [in_zip, in_stream, in_plain_pickle])
@pytest.mark.parametrize("way", WAYS)
def test_a_file_that_is_only_a_payload_is_refused_and_never_run(
    way: str, write: Write, tmp_path: Path, trap: Path, library: Path
) -> None:
    write(tmp_path / "evil.pth", Payload(trap, way))

    with pytest.raises(UserError, match=r"evil\.pth"):
        propose(tmp_path / "evil.pth")

    assert not trap.exists()
    assert not library.exists()


def test_the_payloads_would_run_if_they_were_unpickled(tmp_path: Path) -> None:
    for way in WAYS:
        made = tmp_path / way
        in_plain_pickle(tmp_path / "evil.pkl", Payload(made, way))
        with (tmp_path / "evil.pkl").open("rb") as file:
            pickle.load(file)
        assert made.exists()


def test_a_payload_in_place_of_a_tensor_is_a_missing_tensor(tmp_path: Path, trap: Path, library: Path) -> None:
    in_zip(tmp_path / "evil.pth", weights(**{"norm.weight": Payload(trap, "exec")}))

    with pytest.raises(UserError, match=r"lacks what timm calls “norm\.weight”"):
        propose(tmp_path / "evil.pth")

    assert not trap.exists()


def test_the_code_in_an_archive_of_torchscript_is_not_read(tmp_path: Path, trap: Path, library: Path) -> None:
    class Plain(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.visual = VisionTransformer(32, 8, embed_dim=32, depth=1, num_heads=2, num_classes=3)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.visual(x)

    traced = quietly(lambda: torch.jit.trace(Plain().eval(), torch.zeros(1, 3, 32, 32), check_trace=False))
    quietly(lambda: torch.jit.save(traced, tmp_path / "good.pt"))
    evil = f"import os\nos.system('touch {trap}')\n".encode()
    with zipfile.ZipFile(tmp_path / "good.pt") as good, zipfile.ZipFile(tmp_path / "evil.pt", "w") as bad:
        for info in good.infolist():
            bad.writestr(info.filename, evil if info.filename.endswith(".py") else good.read(info))

    checkpoint = open_checkpoint(tmp_path / "evil.pt")
    path = finish(import_model(tmp_path / "evil.pt", {"num_heads": 2}))

    assert checkpoint.scripted
    assert path.exists()
    assert not trap.exists()


def test_a_shard_outside_its_folder_is_not_opened(tmp_path: Path, library: Path) -> None:
    (tmp_path / "secret.safetensors").write_bytes(to_safetensors(weights()))
    (tmp_path / "folder").mkdir()
    for name in ("../secret.safetensors", str(tmp_path / "secret.safetensors"), "..", ""):
        index = tmp_path / "folder" / "model.safetensors.index.json"
        index.write_text(json.dumps({"weight_map": {"norm.weight": name}}))

        with pytest.raises(UserError, match="no file beside it"):
            propose(tmp_path / "folder")


def repacked(path: Path, **options: Any) -> None:
    """A file of torch with each member as it is told."""
    torch.save(weights(), path.with_suffix(".good"))
    with zipfile.ZipFile(path.with_suffix(".good")) as good, zipfile.ZipFile(path, "w", **options) as bad:
        for info in good.infolist():
            bad.writestr(info.filename, good.read(info))


def test_a_compressed_archive_is_not_unpacked(tmp_path: Path, library: Path) -> None:
    with zipfile.ZipFile(tmp_path / "bomb.pth", "w", zipfile.ZIP_DEFLATED) as bomb:
        bomb.writestr("archive/data.pkl", bytes(100 * 2**20))

    tracemalloc.start()
    with pytest.raises(UserError, match="compressed"):
        propose(tmp_path / "bomb.pth")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert (tmp_path / "bomb.pth").stat().st_size < 2**20
    assert peak < 50 * 2**20


def test_an_archive_with_a_way_out_of_a_folder_writes_nowhere(tmp_path: Path, library: Path) -> None:
    repacked(tmp_path / "evil.pth")
    with zipfile.ZipFile(tmp_path / "evil.pth", "a") as evil:
        evil.writestr("../../outside.txt", "hello")

    finish(import_model(tmp_path / "evil.pth", {"num_heads": 2}))

    assert not list(tmp_path.parent.rglob("outside.txt"))


def header(entries: dict[str, Any]) -> bytes:
    text = json.dumps(entries).encode()
    return struct.pack("<Q", len(text)) + text


def entry(shape: list[Any], place: list[Any], dtype: str = "F32") -> dict[str, Any]:
    return {"dtype": dtype, "shape": shape, "data_offsets": place}


HEADERS: dict[str, bytes] = {
    "claims 100 GB": struct.pack("<Q", 100 * GB) + b"{}",
    "claims its whole file": struct.pack("<Q", 2**64 - 1) + b"{",
    "a tensor of 100 GB": header({"a": entry([25 * GB], [0, 100 * GB])}) + bytes(64),
    "more numbers than bytes": header({"a": entry([25 * GB], [0, 64])}) + bytes(64),
    "a shape below zero": header({"a": entry([-4, -4], [0, 64])}) + bytes(64),
    "a shape of words": header({"a": entry(["4", 4], [0, 64])}) + bytes(64),
    "a shape of fractions": header({"a": entry([4.0, 4.0], [0, 64])}) + bytes(64),
    "no shape": header({"a": {"dtype": "F32", "data_offsets": [0, 64]}}) + bytes(64),
    "places in reverse": header({"a": entry([4, 4], [64, 0])}) + bytes(64),
    "places before the file": header({"a": entry([4, 4], [-64, 0])}) + bytes(64),
    "an unknown kind of number": header({"a": entry([4, 4], [0, 64], "Q7")}) + bytes(64),
    "a list": header([1, 2]) + bytes(64),  # type: ignore[arg-type]
    "nested without end": struct.pack("<Q", 100_000) + b'{"a":' * 20_000,
    "no JSON": struct.pack("<Q", 8) + b"{{{{{{{{",
    "seven bytes": b"\x08\x00\x00\x00\x00\x00\x00",
    "empty": b"",
}


@pytest.mark.parametrize("kind", HEADERS)
def test_a_header_that_claims_what_is_not_there_is_refused_before_memory_is_taken(
    kind: str, tmp_path: Path, library: Path
) -> None:
    (tmp_path / "bad.safetensors").write_bytes(HEADERS[kind])

    tracemalloc.start()
    with pytest.raises(UserError, match=r"bad\.safetensors could not be opened: .*Fetch it again"):
        propose(tmp_path / "bad.safetensors")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert peak < 50 * 2**20
    assert not library.exists()


@pytest.mark.parametrize("write", [in_zip, in_stream, lambda path, value: path.write_bytes(to_safetensors(value))])
def test_a_file_that_is_cut_short_anywhere_is_refused(write: Write, tmp_path: Path, library: Path) -> None:
    path = tmp_path / "cut.pth"
    write(path, weights())
    whole = path.read_bytes()
    for share in (0.01, 0.1, 0.3, 0.5, 0.9, 0.999):
        path.write_bytes(whole[: int(len(whole) * share)])

        with pytest.raises(UserError, match=r"cut\.pth"):
            finish(import_model(path, {"num_heads": 2}))

    assert not library.exists()


@pytest.mark.parametrize("write", [in_zip, in_stream, in_plain_pickle])
def test_a_file_with_any_byte_changed_does_no_more_than_be_refused(write: Write, tmp_path: Path, library: Path) -> None:
    path = tmp_path / "changed.pth"
    write(path, {"state_dict": {"a": torch.ones(3, 4)}, "words": ["one", (2.0, None)], "more": {1: b"two"}})
    whole = bytearray(path.read_bytes())
    refused = 0
    for place in range(0, len(whole), max(1, len(whole) // 100)):
        for value in (0xFF, whole[place] ^ 1):
            path.write_bytes(whole[:place] + bytes([value]) + whole[place + 1 :])
            try:
                open_checkpoint(path)
            except UserError:
                refused += 1

    assert refused, "another error would have ended this"


PICKLES: dict[str, bytes] = {
    "a memo of 4 billion": b"\x80\x02K\x01r\xff\xff\xff\xff.",
    "bytes of 8 exabytes": b"\x80\x04\x8e" + struct.pack("<Q", 2**62) + b"ab.",
    "words of 4 GB": b"\x80\x02X\xff\xff\xff\xffab.",
    "a number of 2 billion digits": b"\x80\x02\x8b\xff\xff\xff\x7f\x01.",
    "nothing on the stack": b"\x80\x02R.",
    "no mark": b"\x80\x02t.",
    "no end": b"\x80\x02K\x01",
    "an unknown operation": b"\x80\x02\xfe.",
    "a list as a key": b"\x80\x02}]K\x01s.",
    "a buffer from elsewhere": b"\x80\x05\x97.",
    "tuples in tuples": b"\x80\x02K\x01" + b"\x85" * 5_000 + b"R.",
    "a tensor whose shape has no end": b"\x80\x02ctorch._utils\n_rebuild_tensor_v2\n(NK\x00K\x01"
    + b"\x85" * 5_000
    + b")tR.",
}


@pytest.mark.parametrize("kind", PICKLES)
def test_a_pickle_that_asks_for_much_gets_nothing(kind: str, tmp_path: Path, library: Path) -> None:
    (tmp_path / "bad.pth").write_bytes(PICKLES[kind])
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("archive/data.pkl", PICKLES[kind])
    (tmp_path / "bad.pt").write_bytes(archive.getvalue())

    tracemalloc.start()
    for name in ("bad.pth", "bad.pt"):
        with pytest.raises(UserError, match=name):
            propose(tmp_path / name)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert peak < 50 * 2**20


def test_a_tensor_that_repeats_its_numbers_without_end_is_refused(tmp_path: Path, library: Path) -> None:
    torch.save(weights(**{"norm.weight": torch.ones(1).expand(10 * GB)}), tmp_path / "endless.pth")

    with pytest.raises(UserError, match=r"shape \(10000000000,\) does not fit into its 4 bytes"):
        propose(tmp_path / "endless.pth")


def test_names_that_share_their_numbers_do_not_take_more_than_the_file(tmp_path: Path, library: Path) -> None:
    state = weights()
    block = {name: value for name, value in state.items() if name.startswith("blocks.0.")}
    for index in range(2, 200):
        state |= {name.replace(".0.", f".{index}.", 1): value for name, value in block.items()}
    torch.save(state, tmp_path / "many.pth")

    with pytest.raises(UserError, match=r"many\.pth.*far more memory"):
        finish(import_model(tmp_path / "many.pth"))


def test_tables_in_tables_without_end_are_read_once(tmp_path: Path, library: Path) -> None:
    table: Any = {"a": torch.ones(2)}
    for _ in range(60):
        table = {"left": table, "right": table}
    torch.save(table, tmp_path / "deep.pth")

    assert len(open_checkpoint(tmp_path / "deep.pth").tables) == 1


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_a_number_that_is_none_is_refused_with_its_block(bad: float, tmp_path: Path, library: Path) -> None:
    state = weights()
    state["blocks.1.attn.proj.weight"][3, 4] = bad
    torch.save(state, tmp_path / "diverged.pth")

    with pytest.raises(UserError, match=r"not finite, in “blocks\.1\.attn\.proj\.weight”.*Nothing was written"):
        finish(import_model(tmp_path / "diverged.pth", {"num_heads": 2}))

    assert not library.exists()


WRONG: dict[str, dict[str, Any]] = {
    "norm.weight": {"norm.weight": torch.ones(31)},
    "head.weight": {"head.weight": torch.ones(3, 31)},
    "15 positions": {"pos_embed": torch.ones(1, 15, 32)},
    "blocks.1": {"blocks.1.attn.qkv.weight": torch.ones(96, 33)},
    "wings": {"wings.weight": torch.ones(3)},
    "patches": {"patch_embed.proj.weight": torch.ones(32, 3, 8, 4)},
}


@pytest.mark.parametrize("kind", WRONG)
def test_a_wrong_shape_is_refused_by_its_name_before_anything_is_read(kind: str, tmp_path: Path, library: Path) -> None:
    torch.save(weights(**WRONG[kind]), tmp_path / "wrong.pth")

    with pytest.raises(UserError, match=rf"wrong\.pth.*{kind}"):
        propose(tmp_path / "wrong.pth")

    assert not library.exists()


NONE: dict[str, tuple[bytes, str]] = {
    "notes.pth": (b"Dear diary, today", "neither safetensors nor"),
    "model.ckpt": (b"version https://git-lfs.github.com/spec/v1\noid sha256:0", "pointer of Git LFS"),
    "vit.bin": (b"\n<!DOCTYPE html><html>", "a web page"),
    "x.safetensors": (b"version https://git-lfs.github.com/spec/v1\n", "pointer of Git LFS"),
    "y.safetensors": (b"<!doctype html><html>", "a web page"),
    "z.safetensors": (b"RIFF....WAVEfmt ", "header"),
}


@pytest.mark.parametrize("name", NONE)
def test_a_file_that_is_none_is_refused_as_what_it_is(name: str, tmp_path: Path, library: Path) -> None:
    content, said = NONE[name]
    (tmp_path / name).write_bytes(content)

    with pytest.raises(UserError, match=f"{name} could not be opened: .*{said}"):
        propose(tmp_path / name)


def test_a_zip_file_that_is_none_of_torch_is_refused(tmp_path: Path, library: Path) -> None:
    with zipfile.ZipFile(tmp_path / "photos.pt", "w") as archive:
        archive.writestr("a.txt", "hello")

    with pytest.raises(UserError, match="none of torch"):
        propose(tmp_path / "photos.pt")


def test_a_checkpoint_of_no_known_kind_is_refused_with_the_kinds_that_are(tmp_path: Path, library: Path) -> None:
    torch.save({"conv.weight": torch.ones(3, 3)}, tmp_path / "resnet.pth")

    with pytest.raises(UserError, match=r"no vision transformer.*conv\.weight.*DINOv2"):
        propose(tmp_path / "resnet.pth")
