"""Shards and the sound in them: stable bytes, read back whole, and nothing of a stranger's archive is believed."""

import gzip
import io
import tarfile
from pathlib import Path

import numpy as np
import pytest
import soundfile

from s2f_core.data import opus, webp
from s2f_core.data.shards import Sample, read_shard, shard_name, shard_paths, write_shard
from s2f_core.errors import InputError

SAMPLES = [Sample("p-0", {"json": b"{}", "face.webp": b"abc", "ogg": b""}), Sample("p-1", {"json": b'{"a": 1}'})]


@pytest.mark.parametrize("compressed", [False, True])
def test_samples_come_back_as_they_went_in_and_the_bytes_repeat(tmp_path: Path, compressed: bool) -> None:
    path = tmp_path / shard_name("train", 0, compressed=compressed)
    write_shard(path, SAMPLES)
    assert list(read_shard(path)) == SAMPLES
    before = path.read_bytes()
    write_shard(path, iter(SAMPLES))
    assert path.read_bytes() == before


def test_a_shard_is_a_tar_that_any_tool_reads(tmp_path: Path) -> None:
    write_shard(tmp_path / "a-0000.tar", SAMPLES)
    with tarfile.open(tmp_path / "a-0000.tar") as tar:
        assert tar.getnames() == ["p-0.face.webp", "p-0.json", "p-0.ogg", "p-1.json"]
        assert {entry.mtime for entry in tar} == {0}


def test_an_interrupted_write_leaves_the_old_shard(tmp_path: Path) -> None:
    path = tmp_path / "a-0000.tar"
    write_shard(path, SAMPLES[:1])
    with pytest.raises(InputError, match="each key once"):
        write_shard(path, [SAMPLES[1], SAMPLES[1]])
    assert list(read_shard(path)) == SAMPLES[:1]
    assert [one.name for one in tmp_path.iterdir()] == ["a-0000.tar"]


@pytest.mark.parametrize("sample", [Sample("a.b", {"json": b""}), Sample("../a", {"json": b""}), Sample("a", {"../x": b""}),
                                    Sample("", {"json": b""})])
def test_a_name_that_would_be_read_differently_is_refused(tmp_path: Path, sample: Sample) -> None:
    with pytest.raises(InputError, match="a shard takes each key once"):
        write_shard(tmp_path / "a-0000.tar", [sample])


def strange(path: Path, **changes: object) -> Path:
    entry = tarfile.TarInfo(str(changes.pop("name", "a.json")))
    for name, value in changes.items():
        setattr(entry, name, value)
    with tarfile.open(path, "w") as tar:
        tar.addfile(entry, io.BytesIO(b"x" * min(entry.size, 10)) if entry.size <= 10 else None)
    return path


@pytest.mark.parametrize("changes", [{"name": "../a.json"}, {"name": "/a.json"}, {"name": "a/b.json"}, {"name": "nothing"},
                                     {"type": tarfile.SYMTYPE, "linkname": "b"}, {"type": tarfile.DIRTYPE}])
def test_a_member_that_is_no_plain_file_is_refused(tmp_path: Path, changes: dict) -> None:
    with pytest.raises(InputError, match=r"which is no plain member key\.ending"):
        list(read_shard(strange(tmp_path / "a-0000.tar", **changes)))


def test_a_member_that_claims_gigabytes_is_not_read(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "a-0000.tar", "w") as tar:
        entry = tarfile.TarInfo("a.json")
        entry.size = 2**40
        tar.fileobj.write(entry.tobuf(tarfile.GNU_FORMAT))
    with pytest.raises(InputError, match="claims 1,099,511,627,776 bytes"):
        list(read_shard(tmp_path / "a-0000.tar"))


def test_missing_damaged_and_cut_shards_say_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is missing; run `dvc pull`"):
        list(read_shard(tmp_path / "a-0000.tar"))
    (tmp_path / "b-0000.tar").write_bytes(b"no tar at all" * 100)
    write_shard(tmp_path / "c-0000.tar.gz", [Sample("a", {"json": np.random.default_rng(0).bytes(5000)})])
    whole = (tmp_path / "c-0000.tar.gz").read_bytes()
    (tmp_path / "c-0000.tar.gz").write_bytes(whole[:2000])
    for name in ("b-0000.tar", "c-0000.tar.gz"):
        with pytest.raises(InputError, match="is damaged or no shard"):
            list(read_shard(tmp_path / name))


def test_shards_are_found_by_kind_in_order(tmp_path: Path) -> None:
    for name in ("train-0001.tar", "train-0000.tar.gz", "train-faces-0000.tar", ".train-0002.tar.x", "test-0000.tar"):
        (tmp_path / name).touch()
    assert [path.name for path in shard_paths(tmp_path, "train")] == ["train-0000.tar.gz", "train-0001.tar"]


def tone(seconds: float = 1.0) -> np.ndarray:
    time = np.arange(round(16_000 * seconds)) / 16_000
    return (0.3 * np.sin(2 * np.pi * 220 * time) * (1 + 0.3 * np.sin(2 * np.pi * 3 * time))).astype(np.float32)


def test_opus_gives_the_same_bytes_each_time_and_any_reader_takes_them() -> None:
    content = opus.encode(tone())
    assert opus.encode(tone()) == content
    by_others, rate = soundfile.read(io.BytesIO(content), dtype="float32")
    assert rate == 16_000
    assert np.array_equal(by_others, opus.decode(content))  # libogg drops a page whose checksum is wrong
    assert len(by_others) == 16_000
    assert np.corrcoef(by_others, tone())[0, 1] > 0.9


def test_opus_costs_what_its_bitrate_says() -> None:
    speech = np.random.default_rng(1).standard_normal(160_000).astype(np.float32) * 0.1
    assert len(opus.encode(speech)) * 8 / 10 == pytest.approx(opus.BITRATE_BPS, rel=0.35)


@pytest.mark.parametrize("samples", [np.zeros(0, np.float32), np.array([0.0, np.nan], np.float32)])
def test_opus_refuses_what_is_no_sound(samples: np.ndarray) -> None:
    with pytest.raises(InputError, match="must hold finite samples"):
        opus.encode(samples)


def test_sound_of_another_kind_is_refused() -> None:
    with pytest.raises(InputError, match="not a sound"):
        opus.decode(b"no sound")
    stereo = io.BytesIO()
    soundfile.write(stereo, np.zeros((8000, 2)), 8000, format="OGG", subtype="OPUS")
    with pytest.raises(InputError, match="8000 Hz and shape"):
        opus.decode(stereo.getvalue())


def test_webp_repeats_its_bytes_and_refuses_what_is_cut() -> None:
    face = np.random.default_rng(0).integers(0, 255, (32, 32, 3), np.uint8)
    content = webp.encode(face, quality=75)
    assert webp.encode(face, quality=75) == content
    assert webp.decode(content).shape == (32, 32, 3)
    for bad in (content[:20], b"", gzip.compress(content)):
        with pytest.raises(InputError, match="not a whole WebP"):
            webp.decode(bad)
