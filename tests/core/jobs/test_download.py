"""A download is whole or not there; what was fetched before it stopped is not fetched again. The server is our own."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.errors import UserError
from core.jobs import download as downloads
from core.jobs.download import download, look_up
from tests.core.jobs.server import Server, served
from tests.core.networks import finish

CONTENT = bytes(range(256)) * 40


FILE = "/resolve/w.bin"


@pytest.fixture
def server() -> Iterator[Server]:
    with served() as running:
        running.files[FILE] = CONTENT
        yield running


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(downloads, "CHUNK_BYTES", 1000)


def parts(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.part"))


def test_a_file_arrives_whole_with_its_progress(server: Server, tmp_path: Path) -> None:
    said = list(download(server.address + FILE, tmp_path / "new" / "w.bin"))

    assert (tmp_path / "new" / "w.bin").read_bytes() == CONTENT
    assert [progress.done for progress in said[1:]] == sorted(progress.done for progress in said[1:])
    assert (said[-1].done, said[-1].total) == (len(CONTENT), len(CONTENT))
    assert parts(tmp_path / "new") == []


def test_size_and_hash_are_known_before_a_byte_is_fetched(server: Server, tmp_path: Path) -> None:
    remote = look_up(server.address + FILE, tmp_path / "w.bin")

    assert (remote.n_bytes, remote.sha256) == (len(CONTENT), hashlib.sha256(CONTENT).hexdigest())


def test_a_file_that_is_there_is_not_asked_for(server: Server, tmp_path: Path) -> None:
    (tmp_path / "w.bin").write_bytes(b"mine")

    assert finish(download(server.address + FILE, tmp_path / "w.bin")).read_bytes() == b"mine"
    assert server.asked == []


def test_a_cancelled_download_goes_on_where_it_stopped(server: Server, tmp_path: Path) -> None:
    job = download(server.address + FILE, tmp_path / "w.bin")
    while next(job).done < 3000:
        pass
    job.close()

    (part,) = parts(tmp_path)
    fetched = part.stat().st_size
    assert 3000 <= fetched < len(CONTENT)
    assert not (tmp_path / "w.bin").exists()

    finish(download(server.address + FILE, tmp_path / "w.bin"))
    assert server.asked[-1][::2] == ("GET", f"bytes={fetched}-")
    assert (tmp_path / "w.bin").read_bytes() == CONTENT


def test_a_server_that_knows_no_ranges_is_read_from_the_start(server: Server, tmp_path: Path) -> None:
    server.ranges = False
    job = download(server.address + FILE, tmp_path / "w.bin")
    while next(job).done < 3000:
        pass
    job.close()

    finish(download(server.address + FILE, tmp_path / "w.bin"))

    assert (tmp_path / "w.bin").read_bytes() == CONTENT


def test_a_connection_that_breaks_keeps_what_was_fetched(server: Server, tmp_path: Path) -> None:
    server.ends_after = 2500

    with pytest.raises(UserError, match="broke off at 24 %") as refusal:
        finish(download(server.address + FILE, tmp_path / "w.bin"))
    assert "download it again to go on" in refusal.value.hint

    server.ends_after = None
    finish(download(server.address + FILE, tmp_path / "w.bin"))
    assert server.asked[-1][::2] == ("GET", "bytes=2500-")
    assert (tmp_path / "w.bin").read_bytes() == CONTENT


def test_a_file_that_changed_on_the_server_is_begun_anew(server: Server, tmp_path: Path) -> None:
    server.ends_after = 2500
    with pytest.raises(UserError):
        finish(download(server.address + FILE, tmp_path / "w.bin"))

    server.ends_after, server.files[FILE] = None, CONTENT[::-1]
    finish(download(server.address + FILE, tmp_path / "w.bin"))

    assert (tmp_path / "w.bin").read_bytes() == CONTENT[::-1]
    assert parts(tmp_path) == []


def test_a_file_with_another_hash_than_was_announced_is_not_kept(server: Server, tmp_path: Path) -> None:
    server.wrong_hash = True

    with pytest.raises(UserError, match="SHA-256 is another"):
        finish(download(server.address + FILE, tmp_path / "w.bin"))
    assert list(tmp_path.iterdir()) == []


def test_a_file_whose_size_nobody_says_is_taken_as_it_comes(server: Server, tmp_path: Path) -> None:
    server.says_size = server.states_hash = False

    finish(download(server.address + FILE, tmp_path / "w.bin"))

    assert (tmp_path / "w.bin").read_bytes() == CONTENT


@pytest.mark.parametrize(
    ("status", "words"),
    [(404, "has no w.bin"), (401, "agreed to its licence"), (403, "licence"), (503, "answered 503")],
)
def test_what_a_server_refuses_is_said_in_words(server: Server, tmp_path: Path, status: int, words: str) -> None:
    server.status = status

    with pytest.raises(UserError, match=words) as refusal:
        finish(download(server.address + FILE, tmp_path / "w.bin"))
    assert server.address + FILE in refusal.value.hint
    assert list(tmp_path.iterdir()) == []


def test_without_a_network_it_is_said_what_to_fetch_and_where_to_put_it(tmp_path: Path) -> None:
    url, path = "http://127.0.0.1:9/w.bin", tmp_path / "w.bin"

    with pytest.raises(UserError, match="cannot be reached") as refusal:
        finish(download(url, path))
    assert f"Fetch {url} " in refusal.value.hint
    assert str(path) in refusal.value.hint


def test_a_file_that_has_no_room_is_not_begun(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = downloads.shutil.disk_usage(tmp_path)._replace(free=5000)
    monkeypatch.setattr(downloads.shutil, "disk_usage", lambda _: usage)

    with pytest.raises(UserError, match="no room: 10,240 bytes"):
        finish(download(server.address + FILE, tmp_path / "w.bin"))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("url", ["", "no address", "http://"])
def test_what_is_no_address_is_refused_in_words(tmp_path: Path, url: str) -> None:
    with pytest.raises(UserError, match="cannot be reached"):
        finish(download(url, tmp_path / "w.bin"))
