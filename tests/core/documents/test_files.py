"""Document files: whatever is saved loads equal, and what is no document is refused in a sentence."""

from __future__ import annotations

import base64
import json
import os
import zlib
from collections.abc import Callable
from dataclasses import fields, replace
from io import BytesIO
from pathlib import Path
from typing import Any, Literal, get_args, get_origin
from zipfile import ZIP_BZIP2, ZIP_DEFLATED, ZIP_LZMA, ZipFile, ZipInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from core.analyses.decision import Verdict
from core.cards import read_card
from core.demo import demo_document
from core.document import Document, View, with_learned
from core.documents import files as work_files
from core.documents.files import EMBEDDED_BYTES, read_preview, read_work, to_bytes, write_work
from core.documents.json import to_json
from core.documents.learned import brought, install, with_learned_files
from core.documents.work import Learned, ModelNote, Moment, Scene, Work, recorded_answer, with_model
from core.errors import UserError
from core.families.model import weights_hash
from core.families.tensors import read_tensors
from core.interventions import intervention_kinds
from core.interventions.knock_out_heads import KnockOutHeads
from core.interventions.move import set_point
from core.interventions.probe import push_pair
from core.locations import probe_files, subspace_folders
from core.options import field_types
from core.stimuli.crops import cropped, kept_whole
from core.stimuli.paint import layer_of
from core.stimuli.render import render
from core.stimuli.stimulus import COLORS, MIN_SCALE, N_SHAPES, Crop, Geometry, Item, Layer, Mask, Photo, Stimulus

FIRST_FORMAT = Path(__file__).parents[2] / "data" / "format-1.relata"
SECOND_FORMAT = FIRST_FORMAT.with_name("format-2.relata")
VIEW = View()
words = st.text(max_size=12)
whole = st.integers(0, 11)
number = st.floats(-4, 4, allow_nan=False)


def photos(side: int) -> st.SearchStrategy[Photo]:
    bits = st.binary(min_size=side**2 // 8, max_size=side**2 // 8).filter(any)
    masks = st.lists(st.builds(Mask, words, bits), max_size=2).map(tuple)
    plain = st.builds(Photo, st.binary(min_size=3 * side**2, max_size=3 * side**2), words, words, masks)
    whole, crop = kept_whole(Image.new("RGB", (side, 2 * side), (1, 2, 3)))
    return plain | plain.map(lambda photo: replace(photo, whole=whole, crop=crop))


def layers(side: int) -> st.SearchStrategy[Layer | None]:
    """A dot of some colour, or nothing."""
    dot = st.tuples(*[st.integers(0, 255)] * 4, st.integers(0, side - 1))

    def layer(dot: tuple[int, ...]) -> Layer | None:
        rgba = np.zeros((side, side, 4), np.uint8)
        rgba[dot[4], dot[4]] = dot[:4]
        return layer_of(rgba)

    return st.none() | dot.map(layer)


@st.composite
def stimuli(draw: st.DrawFn) -> Stimulus:
    geometry = Geometry(draw(st.sampled_from((32, 224))), 16)
    if geometry.image_px == 32 and draw(st.booleans()):
        return Stimulus((), geometry, draw(photos(32)), draw(layers(32)))
    place = st.integers(0, geometry.image_px - geometry.cell_px)
    jitter = st.tuples(st.integers(0, 8), st.integers(0, 8))
    kind = (st.integers(0, N_SHAPES - 1), st.integers(0, len(COLORS) - 1))
    own = {"scale": st.floats(MIN_SCALE, 1), "angle_deg": st.floats(-360, 360), "level": st.integers(-9, 9)}
    items = st.builds(
        Item, *kind, place, place, jitter, st.integers(0, 2**62), st.booleans(), locked=st.booleans(), **own
    )
    return Stimulus(tuple(draw(st.lists(items, max_size=4))), geometry, None, draw(layers(geometry.image_px)))


def values(hint: Any) -> st.SearchStrategy[Any]:
    """Values of the type of an edit's field."""
    origin, inside = get_origin(hint), get_args(hint)
    if origin is Literal:
        return st.sampled_from(inside)
    if origin is tuple and Ellipsis in inside:
        return st.lists(values(inside[0]), max_size=4, unique=inside[0] is int).map(tuple)  # no head is named twice
    if origin is tuple:
        return st.tuples(*map(values, inside))
    if type(None) in inside:
        return st.one_of(st.none(), *(values(arg) for arg in inside if arg is not type(None)))
    return {int: st.integers(0, 1), float: number, bool: st.booleans(), str: words}[hint]


edits = st.one_of(
    *(
        st.builds(kind, **{name: values(hint) for name, hint in field_types(kind).items()})
        for kind in intervention_kinds()
    )
)
documents = st.builds(
    Document, words, stimuli(), st.none() | stimuli(), st.lists(edits, max_size=3).map(tuple), compared=words
)
also = st.lists(whole, max_size=3).map(tuple)
views = st.builds(View, whole, whole, whole, whole, whole, st.sampled_from(("base", "source")), also)
verdicts = st.builds(
    Verdict,
    st.just(("different", "same")),
    st.tuples(number, number),
    st.tuples(number, number),
    st.sampled_from(((-float("inf"), -float("inf")), (0.5, 1.5))),
    words,
    st.none() | number,
)
moments = st.builds(Moment, words, documents, views, st.none() | verdicts, words, st.booleans())
works = st.builds(
    Work,
    documents,
    views,
    st.dictionaries(words, st.dictionaries(words, st.booleans() | whole | words, max_size=2), max_size=2),
    st.lists(moments, max_size=3).map(tuple),
    st.lists(st.builds(Scene, words, words, documents, views), max_size=1).map(tuple),
    st.lists(st.builds(ModelNote, words, words, words, whole, whole, whole, st.just(("a", "b"))), max_size=1).map(
        tuple
    ),
    journal_of=words,
)


@settings(max_examples=15, deadline=None)
@given(works)
def test_whatever_is_saved_loads_equal(work: Work) -> None:
    content = to_bytes(work)

    assert work_files.from_bytes(content) == work
    assert to_bytes(work) == content, "the same work is the same file"


@settings(max_examples=15, deadline=None)
@given(works, st.data())
def test_a_file_in_which_a_value_is_another_loads_or_is_refused_in_words(work: Work, data: st.DataObject) -> None:
    """Nothing but ValueError, which the reader turns into a sentence."""
    text = json.loads(_text(to_bytes(work)))
    holder, key = data.draw(st.sampled_from(list(_places(text))))
    holder[key] = data.draw(st.sampled_from((None, -1, 10**30, "x", [], {}, True, 1.5, [[1]], {"png": "x"})))

    try:
        loaded = work_files.from_bytes(_changed(to_bytes(work), json.dumps(text)))
    except ValueError:
        return
    assert isinstance(loaded, Work)


def _places(value: Any) -> Any:
    """Every place of a JSON value: what holds it, and under which name."""
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, part in inside:
        yield value, key
        yield from _places(part)


def _text(content: bytes) -> str:
    with ZipFile(BytesIO(content)) as file:
        return file.read("document.json").decode()


def _changed(content: bytes, text: str) -> bytes:
    """The file with another text."""
    out = BytesIO()
    with ZipFile(BytesIO(content)) as before, ZipFile(out, "w", ZIP_DEFLATED) as after:
        for name in before.namelist():
            after.writestr(name, text if name == "document.json" else before.read(name))
    return out.getvalue()


def a_work() -> Work:
    document = set_point(demo_document(), 0, "color", 1, (0.5, 1.0))
    verdict = Verdict(("different", "same"), (0.0, 2.5), (1.0, 0.0))
    return Work(
        document, VIEW, history=(Moment("Opened", demo_document(), VIEW), Moment("Move", document, VIEW, verdict))
    )


def test_saving_over_a_file_keeps_the_version_before(tmp_path: Path) -> None:
    path, first, second = tmp_path / "a.relata", a_work(), replace(a_work(), history=())
    write_work(path, first)
    write_work(path, second)

    assert read_work(path) == second
    assert read_work(tmp_path / "a.relata~") == first
    assert sorted(os.listdir(tmp_path)) == ["a.relata", "a.relata~"]


@pytest.mark.parametrize("fails", ["fsync", "replace", "link"])
def test_where_the_disk_refuses_the_file_is_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fails: str
) -> None:
    path, first = tmp_path / "a.relata", a_work()
    write_work(path, first)

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("core.storage.os." + fails, full)
    if fails == "link":
        monkeypatch.setattr("core.storage.copy2", full)

    with pytest.raises(UserError, match=r"a\.relata could not be written: No space left"):
        write_work(path, replace(first, history=()))
    monkeypatch.undo()
    assert read_work(path) == first
    assert [name for name in os.listdir(tmp_path) if name.endswith(".part")] == []


def test_a_file_of_the_first_format_opens_for_ever() -> None:
    work = read_work(FIRST_FORMAT)

    assert work.document.model == "discrimination"
    assert [type(edit).__name__ for edit in work.document.interventions] == ["MoveInSubspace", "KnockOutHeads"]
    assert [moment.text for moment in work.history] == ["Opened", "Move colour of A", "Head 2 of block 1 off"]
    assert work.history[1].name == "half-way"
    assert work.history[1].starred
    answer = recorded_answer(work)
    assert answer is not None
    assert answer.model.device == "recorded"
    assert work.document.source is not None
    assert work.document.source.photo is not None
    assert len(work.learned) == 1
    assert work.learned[0].file in work.files


def test_a_file_of_the_second_format_opens_for_ever() -> None:
    work = read_work(SECOND_FORMAT)

    base, source = work.document.base, work.document.source
    assert [moment.text for moment in work.history] == ["Opened", "Brush stroke", "Brush stroke"]
    assert [moment.document.base.paint is None for moment in work.history] == [True, False, False]
    assert base.paint is not None
    assert (render(base)[60:70, 20:40] == (233, 30, 99)).all()
    assert source is not None
    assert source.photo is not None
    assert [mask.label for mask in source.photo.masks] == ["corner"]
    moved = cropped(source, Crop(0, 0, 40))
    assert moved.photo is not None
    assert moved.photo.crop == Crop(0, 0, 40) != source.photo.crop


def test_what_is_painted_is_kept_once_in_a_file_and_stays_packed() -> None:
    document = replace(demo_document(), base=replace(demo_document().base, paint=_dot()))
    work = Work(document, VIEW, history=tuple(Moment(str(n), document, VIEW) for n in range(20)))

    with ZipFile(BytesIO(to_bytes(work))) as file:
        kept = [name for name in file.namelist() if name.startswith("kept/")]
        assert [file.read(name) for name in kept] == [_dot().packed]
    assert work_files.from_bytes(to_bytes(work)) == work


def _dot(side: int = 224) -> Layer:
    rgba = np.zeros((side, side, 4), np.uint8)
    rgba[3, 4] = 255
    layer = layer_of(rgba)
    assert layer is not None
    return layer


def _with_layer(png: bytes) -> bytes:
    document = replace(demo_document(), base=replace(demo_document().base, paint=Layer(png)))
    return to_bytes(replace(a_work(), document=document))


def _bad_layer(png: bytes) -> bytes:
    """A file with another layer than the one that was written, for that one could not be."""
    good = _with_layer(_dot().packed)
    out = BytesIO()
    with ZipFile(BytesIO(good)) as before, ZipFile(out, "w", ZIP_DEFLATED) as after:
        for name in before.namelist():
            after.writestr(name, png if name.startswith("kept/") else before.read(name))
    return out.getvalue()


def test_what_is_as_in_the_study_is_not_written() -> None:
    text, _ = to_json(a_work())
    assert not {"scale", "angle_deg", "level", "locked", "also"} & set(json.loads(text)["document"]["base"]["items"][0])
    assert "also" not in json.loads(text)["view"]


@pytest.mark.parametrize(
    "item",
    [
        Item(0, 0, 0, 0, scale=0.1),
        Item(0, 0, 0, 0, scale=8.0),
        Item(0, 0, 100, 0, scale=4.0),
        Item(0, 0, 0, 0, angle_deg=400.0),
        Item(0, 0, 0, 0, level=10**6),
    ],
)
def test_an_item_that_cannot_be_drawn_is_refused(item: Item) -> None:
    work = Work(Document("discrimination", Stimulus((item,))), VIEW)

    with pytest.raises(ValueError, match="an item"):
        work_files.from_bytes(to_bytes(work))


def test_the_preview_is_a_small_picture(tmp_path: Path) -> None:
    write_work(tmp_path / "a.relata", a_work())

    with Image.open(BytesIO(read_preview(tmp_path / "a.relata"))) as picture:
        assert picture.size == (128, 128)
    assert read_preview(tmp_path / "none.relata") == b""


def test_a_photo_that_stands_in_many_states_is_kept_once() -> None:
    photo = Stimulus((), Geometry(32, 16), Photo(bytes(range(256)) * 12, "p.png"))
    document = Document("m", photo)
    work = Work(document, VIEW, history=tuple(Moment(str(n), document, VIEW) for n in range(20)))

    with ZipFile(BytesIO(to_bytes(work))) as file:
        assert len([name for name in file.namelist() if name.startswith("pictures/")]) == 1
    loaded = work_files.from_bytes(to_bytes(work))
    assert len({id(moment.document.base.photo.pixels) for moment in loaded.history if moment.document.base.photo}) == 1


def _with_member(name: str, content: bytes = b"x", **attributes: Any) -> bytes:
    out = BytesIO(to_bytes(a_work()))
    info = ZipInfo(name)
    for attribute, value in attributes.items():
        setattr(info, attribute, value)
    with ZipFile(out, "a", ZIP_DEFLATED) as file:
        file.writestr(info, content, ZIP_DEFLATED)
    return out.getvalue()


def _of_text(text: str) -> bytes:
    return _changed(to_bytes(a_work()), text)


def _masked(bits: bytes) -> dict[str, Any]:
    """A black photo on the usual canvas with one mask."""
    pixels, mask = (base64.b64encode(value).decode() for value in (bytes(3 * 224**2), bits))
    masks = [{"label": "a", "bits": {"base64": mask}}]
    return {"items": [], "photo": {"pixels": {"base64": pixels}, "name": "", "note": "", "masks": masks}}


def _edited(change: Callable[[dict[str, Any]], object]) -> bytes:
    note = ModelNote("discrimination", "h", "", 6, 3, 1, ("different", "same"))
    value = json.loads(_text(to_bytes(replace(a_work(), models=(note,)))))
    change(value)
    return _of_text(json.dumps(value))


def _verdict(value: dict[str, Any]) -> dict[str, Any]:
    verdict: dict[str, Any] = value["history"][1]["verdict"]
    return verdict


def _huge_picture() -> bytes:
    picture = BytesIO()
    Image.new("L", (9000, 9000)).save(picture, "PNG")
    return _with_member(f"pictures/{'0' * 64}.png", picture.getvalue())


HOSTILE: dict[str, tuple[Callable[[], bytes], str]] = {
    "no zip": (lambda: b"hello", "no document of Relata"),
    "empty": (lambda: b"", "no document of Relata"),
    "cut short": (lambda: to_bytes(a_work())[:-40], "damaged"),
    "flipped bits": (lambda: _flipped(to_bytes(a_work())), "damaged"),
    "no text": (lambda: _only("preview.png"), "holds no document.json"),
    "traversal": (lambda: _with_member("../../evil.png"), r"holds “\.\./\.\./evil\.png”"),
    "absolute": (lambda: _with_member("/etc/passwd"), "no part of a document"),
    "a program": (lambda: _with_member("run.py"), "no part of a document"),
    "a link": (lambda: _with_member(f"learned/{'0' * 64}.json", external_attr=0o120777 << 16), "holds a link"),
    "a bomb": (lambda: _with_member(f"learned/{'0' * 64}.json", bytes(100_000_000)), "too large"),
    "packed as bzip2": (lambda: _repacked(ZIP_BZIP2), "packed in another way"),
    "packed as LZMA": (lambda: _repacked(ZIP_LZMA), "packed in another way"),
    "damaged LZMA": (lambda: _repacked(ZIP_LZMA, 9), "damaged"),
    "many members": (lambda: _with_member(f"learned/{'0' * 64}.json", bytes(2_000_000)), "too large"),
    "deep JSON": (lambda: _of_text("[" * 1_000_000), "nested too deeply"),
    "deep tables": (lambda: _of_text('{"a":' * 150_000), "nested too deeply"),
    "no JSON": (lambda: _of_text("{"), "could not be opened"),
    "a list": (lambda: _of_text("[]"), "names no version"),
    "newer": (lambda: _edited(lambda v: v.update(format=99)), "later version of Relata: it is of version 99"),
    "NaN": (lambda: _of_text('{"format": NaN}'), "not a finite number"),
    "infinite": (lambda: _of_text('{"format": 1, "document": 1e999}'), "not a finite number"),
    "a long number": (lambda: _of_text('{"format": ' + "9" * 10_000 + "}"), "could not be opened"),
    "wrong type": (lambda: _edited(lambda v: v["document"].update(model=7)), "7 is no str"),
    "word for number": (lambda: _edited(lambda v: v["view"].update(read="2")), "'2' is no int"),
    "yes for number": (lambda: _edited(lambda v: v["view"].update(read=True)), "True is no int"),
    "a number too large": (
        lambda: _edited(lambda v: v["document"]["interventions"][0].update(strength=10**400)),
        "too large",
    ),
    "unknown field": (lambda: _edited(lambda v: v.update(run="rm")), "could not be opened"),
    "an answer of no class": (
        lambda: _edited(lambda v: _verdict(v).update(labels=[], logits=[], baseline=[])),
        "cannot be",
    ),
    "an answer without a logit": (lambda: _edited(lambda v: _verdict(v)["logits"].pop()), "as many classes as logits"),
    "an answer beside too much": (lambda: _edited(lambda v: _verdict(v).update(others=[1e9, 1e9])), "cannot be"),
    "an answer beside no number": (lambda: _edited(lambda v: _verdict(v).update(others=[10**400, 0])), "too large"),
    "an answer beside a word": (lambda: _edited(lambda v: _verdict(v).update(others=["1", 0])), "is no float"),
    "a million blocks": (lambda: _edited(lambda v: v["models"][0].update(n_blocks=10**6)), "of such a shape"),
    "unknown edit": (
        lambda: _edited(lambda v: v["document"]["interventions"][0].update(kind="os.system")),
        "no edit of",
    ),
    "no such shape": (lambda: _edited(lambda v: v["document"]["base"]["items"][0].update(shape=999)), "a shape"),
    "far away": (lambda: _edited(lambda v: v["document"]["base"]["items"][0].update(x_px=10**9)), "outside"),
    "huge canvas": (lambda: _edited(lambda v: v["document"]["base"]["geometry"].update(image_px=10**9)), "cannot be"),
    "no patches": (lambda: _edited(lambda v: v["document"]["base"]["geometry"].update(patch_px=0)), "cannot be"),
    "missing picture": (
        lambda: _edited(lambda v: v["document"]["base"].update(photo={"pixels": {"png": "p"}, "name": "", "note": ""})),
        "p is missing",
    ),
    "a small mask": (
        lambda: _edited(lambda v: v["document"]["base"].update(_masked(b"\x80"))),
        "as large as its photo",
    ),
    "an empty mask": (
        lambda: _edited(lambda v: v["document"]["base"].update(_masked(bytes(224**2 // 8)))),
        "shows nothing",
    ),
    "no picture": (lambda: _with_member(f"pictures/{'0' * 64}.png"), "no picture that can be read"),
    "huge picture": (_huge_picture, "too large"),
    "a small layer": (lambda: _bad_layer(_dot(112).packed), "as large as its canvas"),
    "no layer": (lambda: _bad_layer(_dot().packed[:40]), "no picture that can be read"),
    "a layer with a bad profile": (lambda: _bad_layer(_with_profile(_dot().packed)), "no picture that can be read"),
    "a huge layer": (lambda: _bad_layer(_dot(6000).packed), "as large as its canvas"),
    "a missing layer": (
        lambda: _edited(lambda v: v["document"]["base"].update(paint={"packed": {"file": "kept/x"}})),
        "could not be opened",
    ),
}


def _repacked(method: int, cut: int = 0) -> bytes:
    """Packed by another method, of which unpacking does not stop where it should."""
    out = BytesIO()
    with ZipFile(out, "w", method) as file:
        file.writestr(work_files.TEXT, _text(to_bytes(a_work())))
    content = out.getvalue()
    return content[:60] + bytes(cut) + content[60 + cut :]


def _with_profile(packed: bytes) -> bytes:
    """A PNG with a colour profile, behind its pixels, that is none."""
    end = packed.index(b"IEND") - 4
    return packed[:end] + bytes(4) + b"iCCP" + zlib.crc32(b"iCCP").to_bytes(4, "big") + packed[end:]


def _flipped(content: bytes) -> bytes:
    place = content.index(b"document.json") + 60
    return content[:place] + bytes(b ^ 0xFF for b in content[place : place + 20]) + content[place + 20 :]


def _only(name: str) -> bytes:
    out = BytesIO()
    with ZipFile(out, "w") as file:
        file.writestr(name, b"x")
    return out.getvalue()


@pytest.mark.parametrize("make", HOSTILE)
def test_what_is_no_document_is_refused_in_a_sentence_and_nothing_is_written(tmp_path: Path, make: str) -> None:
    content, said = HOSTILE[make]
    path = tmp_path / "evil.relata"
    path.write_bytes(content())

    with pytest.raises(UserError, match=said) as refused:
        read_work(path)
    assert "evil.relata" in refused.value.message
    assert "was kept" in refused.value.hint
    assert os.listdir(tmp_path) == ["evil.relata"]


def test_of_a_member_that_says_less_than_it_holds_no_more_is_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    """A megabyte of zeros that says to be ten bytes."""
    name = f"learned/{'0' * 64}.json"
    true, said = (n.to_bytes(4, "little") for n in (1_000_000, 10))
    content = _with_member(name, bytes(1_000_000)).replace(true, said)
    made: list[int] = []
    unpacker = zlib.decompressobj

    class Measured:
        def __init__(self, *options: int) -> None:
            self._inner = unpacker(*options)

        def decompress(self, data: bytes, most: int) -> bytes:
            made.append(len(text := self._inner.decompress(data, most)))
            return text

        def __getattr__(self, name: str) -> Any:
            return getattr(self._inner, name)

    monkeypatch.setattr(zlib, "decompressobj", Measured)
    with pytest.raises(ValueError, match="damaged"):
        work_files.from_bytes(content)
    assert max(made) < 100_000


def test_a_name_that_is_no_text_is_saved_and_comes_back() -> None:
    """A file of another encoding is called so by the system."""
    photo = Photo(bytes(3 * 224**2), "caf\udce9.png")
    work = Work(Document("here/\udce9", Stimulus((), Geometry(), photo)), VIEW)

    assert work_files.from_bytes(to_bytes(work)) == work


def test_a_damaged_file_points_at_the_version_before(tmp_path: Path) -> None:
    path = tmp_path / "a.relata"
    write_work(path, a_work())
    write_work(path, a_work())
    path.write_bytes(b"PK")

    with pytest.raises(UserError, match=r"The version before it is a\.relata~"):
        read_work(path)


def test_the_subspaces_and_probes_of_edits_go_along_by_their_content(tmp_path: Path) -> None:
    subspace = read_tensors(subspace_folders("discrimination")[1] / "color-block1.safetensors", "")
    probes = read_tensors(probe_files("discrimination")[1], "")
    at = [row["block"] for row in read_card(probe_files("discrimination")[1])["blocks"]].index(2)
    probe = {name: value[at].float() for name, value in probes.items()}
    hashes = {("color", 1): weights_hash(subspace), ("probe", 2): weights_hash(probe)}
    document = push_pair(set_point(demo_document(), 0, "color", 1, (0.5, 1.0)), 0, 2, "same")

    work = with_learned_files(Work(with_learned(document, hashes), VIEW))

    assert {asset.asset: asset.hash for asset in work.learned} == hashes
    assert {work.files[asset.file] for asset in work.learned} == {
        (subspace_folders("discrimination")[1] / "color-block1.safetensors").read_bytes(),
        probe_files("discrimination")[1].read_bytes(),
    }
    write_work(tmp_path / "a.relata", work)
    assert read_work(tmp_path / "a.relata") == work


def test_of_another_fit_only_the_name_goes_along() -> None:
    document = with_learned(set_point(demo_document(), 0, "color", 1, (0.5, 1.0)), {("color", 1): "another"})

    work = with_learned_files(Work(document, VIEW))

    assert work.learned == (Learned("discrimination", ("color", 1), "another"),)
    assert work.files == {}


def a_work_that_brings() -> tuple[Work, str]:
    """A document of another computer with a subspace, and the hash of the weights it was learned on."""
    path = subspace_folders("discrimination")[1] / "color-block1.safetensors"
    hashes = {("color", 1): weights_hash(read_tensors(path, ""))}
    document = with_learned(set_point(demo_document(), 0, "color", 1, (0.5, 1.0)), hashes)
    work = work_files.from_bytes(to_bytes(with_learned_files(Work(document, VIEW))))
    return with_model(work, "discrimination", "/elsewhere/mine.safetensors"), read_card(path)["weights_sha256"]


def at(work: Work, folder: Path) -> tuple[Work, str]:
    """The work with its model in a folder."""
    model = str(folder / "mine.safetensors")
    return with_model(work, work.document.model, model), model


def test_what_came_along_is_installed_where_the_model_has_none(tmp_path: Path) -> None:
    work, weights = a_work_that_brings()
    work, model = at(work, tmp_path)
    assert brought(work, model, {("color", 1): "any"}) == ()
    [asset] = brought(work, model, {("color", 2): "any", ("probe", 1): "any"})

    path = next(iter(install(work, [asset], weights)))

    assert path.read_bytes() == (subspace_folders("discrimination")[1] / "color-block1.safetensors").read_bytes()
    assert path.parent in subspace_folders(model)
    assert read_card(path)["weights_sha256"] == weights
    with pytest.raises(UserError, match=r"There is a color-block1\.safetensors of this model already"):
        install(work, [asset], weights)


@pytest.mark.parametrize("damaged", ["hash", "weights", "tensors", "card", "another card", "no property"])
def test_what_came_along_and_is_not_what_it_should_be_is_not_installed(tmp_path: Path, damaged: str) -> None:
    work, weights = a_work_that_brings()
    work, _ = at(work, tmp_path)
    [asset] = work.learned
    card = asset.file.replace(".safetensors", ".json")
    told = {**json.loads(work.files[card]), "block": 2}
    changes = {"tensors": (asset.file, b"x"), "card": (card, b"{"), "another card": (card, json.dumps(told).encode())}
    work = replace(work, files={**work.files, **dict([changes[damaged]] if damaged in changes else [])})
    asset = replace(asset, hash="another" if damaged == "hash" else asset.hash)
    asset = replace(asset, asset=("../../color", 1) if damaged == "no property" else asset.asset)

    with pytest.raises(UserError, match="that came along"):
        install(work, [asset], "others" if damaged == "weights" else weights)

    assert list(tmp_path.iterdir()) == []


def test_what_was_learned_is_named_only_where_it_is_too_large() -> None:
    name = f"learned/{'0' * 64}.safetensors"
    work = replace(a_work(), learned=(Learned("m", ("color", 1), "h", name),), files={name: bytes(EMBEDDED_BYTES + 1)})

    loaded = work_files.from_bytes(to_bytes(work))

    assert loaded.files == {}
    assert loaded.learned[0].hash == "h"


def test_a_model_that_lies_elsewhere_is_renamed_wherever_it_is_named() -> None:
    note = ModelNote("discrimination", "h", "", 12, 3, 1, ("a", "b"))
    moved = with_model(replace(a_work(), models=(note,)), "discrimination", "/models/d.safetensors")

    named = {moved.document.model, moved.models[0].reference, *(moment.document.model for moment in moved.history)}
    assert named == {"/models/d.safetensors"}


def test_kinds_of_edits_are_read_by_the_names_of_their_fields() -> None:
    """A field that is renamed would make older files unreadable: then this list, `FORMAT` and a migration change."""
    known = {kind.__name__: [f.name for f in fields(kind)] for kind in intervention_kinds()}  # type: ignore[arg-type]

    assert known["MoveInSubspace"] == [
        "block",
        "item",
        "property",
        "point",
        "strength",
        "enabled",
        "control",
        "seed",
        "learned",
    ]


def test_a_word_that_is_no_choice_is_refused_whatever_it_is() -> None:
    document = Document("m", Stimulus(), None, (KnockOutHeads(0, (0,)),))
    text = json.loads(_text(to_bytes(Work(document, VIEW))))
    text["document"]["interventions"][0]["fill"] = [[1]]

    with pytest.raises(ValueError, match="not in literal"):
        work_files.from_bytes(_changed(to_bytes(Work(document, VIEW)), json.dumps(text)))


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("seed", 2**64, f"{2**64} is no seed"),
        ("seed", -1, "-1 is no seed"),
        ("heads", [0, 1, 0], "heads names 0 more than once"),
    ],
)
def test_an_edit_that_names_a_head_twice_or_no_seed_is_refused(field: str, value: object, said: str) -> None:
    document = Document("m", Stimulus(), None, (KnockOutHeads(0, (0,), control="other heads"),))
    text = json.loads(_text(to_bytes(Work(document, VIEW))))
    text["document"]["interventions"][0][field] = value

    with pytest.raises(ValueError, match=said):
        work_files.from_bytes(_changed(to_bytes(Work(document, VIEW)), json.dumps(text)))
