import json
import subprocess
import sys

import numpy as np
import pytest
import torch

import ncodec
from ncodec.errors import (
    DamagedFile,
    InputError,
    MissingDependency,
    NcodecError,
    UnsupportedFormat,
    UsageError,
    VerificationFailed,
)
from ncodec.files.features import FeatureFile
from ncodec.files.verify import verify
from ncodec.formats import Model, Reader, read_model
from ncodec.student import Decoder, Encoder
from ncodec.student.payload import open_packet

BLOCKED = """
import sys
class Block:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] == "compressai":
            raise ImportError(name + " is blocked")
sys.meta_path.insert(0, Block())
from ncodec.cli import main
main()
"""


@pytest.fixture
def without_compressai(monkeypatch):
    """It cannot be imported, nor what was imported of it before."""
    for name in {"compressai", *sys.modules}:
        if name.split(".")[0] == "compressai":
            monkeypatch.setitem(sys.modules, name, None)


def test_a_packet_holds_an_image_and_twenty_bytes(model, photographs):
    encoder, decoder = Encoder(model, rate=2), Decoder(model)
    packets = encoder.encode_all([photographs / "0.png", photographs / "1.png"])
    for name, packet in zip(("0.png", "1.png"), packets, strict=True):
        latents = encoder.latents(encoder.prepare(photographs / name))
        assert np.array_equal(open_packet(packet, decoder.model).values, latents.values)
        payload = len(encoder.model.rate(2).prior.encode(latents.values))
        assert len(packet) - payload <= 24
    features = decoder.features(packets)
    assert features.shape == (2, 24, 56, 56)
    assert torch.allclose(decoder.features(packets[1]), features[1:], atol=1e-4)
    logits = decoder.logits(packets)
    assert logits.shape == (2, 1000)
    assert torch.isfinite(logits).all()


def test_lower_rates_take_fewer_bytes_or_as_many(model, photographs):
    sizes = [len(Encoder(model, rate=rate).encode(photographs / "0.png")) for rate in (1, 2)]
    assert sizes[0] <= sizes[1]
    with pytest.raises(UsageError, match="choose 1, the fewest bytes, to 2"):
        Encoder(model, rate=3)


def test_every_changed_byte_of_a_packet_is_noticed(model, photographs):
    packet = Encoder(model, rate=1).encode(photographs / "0.png")
    decoder = Decoder(model)
    for position in range(len(packet)):
        damaged = bytearray(packet)
        damaged[position] ^= 0x10
        with pytest.raises(NcodecError):
            decoder.features(bytes(damaged))
    with pytest.raises(DamagedFile):
        decoder.features(packet[:-1])


def test_a_packet_of_another_model_is_refused(model, photographs):
    content = read_model(model)
    other = Model(content.family, content.version, content.data, {"seed": 7})
    packet = Encoder(other, rate=1).encode(photographs / "0.png")
    with pytest.raises(UnsupportedFormat, match="was made for"):
        Decoder(model).features(packet)


def test_files_on_the_command_line_without_compressai(
    command, without_compressai, tmp_path, model, photographs, store
):
    coded = tmp_path / "photos.nc"
    made = command(
        "encode", photographs, "--codec", "entropic-student", "--model", model,
        "--rate", 2, "-o", coded,
    )  # fmt: skip
    assert made.code == 0, made.err
    said = command("decode", coded, "--head", "classify", "--json")
    assert said.code == 0, said.err
    records = json.loads(said.out)
    assert [record["image"] for record in records] == ["0.png", "1.png", "2.png"]
    assert all(len(record["classes"]) == 5 for record in records)
    shares = [entry["share"] for entry in records[0]["classes"]]
    assert shares == sorted(shares, reverse=True)
    written = command("decode", coded, "--head", "logits", "-o", tmp_path / "l.npy")
    assert written.code == 0, written.err
    logits = np.load(tmp_path / "l.npy")
    decoder = Decoder(model)
    packets = Encoder(model, rate=2).encode_all(photographs / f"{i}.png" for i in range(3))
    assert np.allclose(logits, decoder.logits(packets).numpy(), atol=1e-3)


def test_a_file_names_its_model_and_keeps_any_size(tmp_path, model, photographs, store):
    coded = tmp_path / "photo.nc"
    ncodec.encode(
        photographs / "2.png", coded, codec="entropic-student", model=model, rate=2, whole=True
    )
    with Reader(coded) as reader:
        assert reader.header.media_kind == "features"
        assert [conf.digest for conf in reader.confs()] == [read_model(model).digest]
    with FeatureFile(coded) as opened:
        assert opened.head("features").shape == (24, 64, 74)
        assert opened.head("embedding").shape == (1280,)
        with pytest.raises(UsageError, match="is no head"):
            opened.head("nonsense")
    assert ncodec.probe(coded).images == 1
    assert verify(coded).frames == 1
    again = verify(coded, source=photographs / "2.png")
    assert (again.identical, again.agreement) == (True, 1)
    with pytest.raises(VerificationFailed, match="of the integers that"):
        verify(coded, source=photographs / "1.png")
    with pytest.raises(InputError, match="has 3 images"):
        verify(coded, source=photographs)
    with ncodec.open(coded) as opened:
        assert isinstance(opened, ncodec.FeatureFile)
    with pytest.raises(UsageError, match="--head"):
        ncodec.decode(coded, tmp_path / "photo.png")


def test_safetensors_hold_the_same_numbers(command, tmp_path, model, photographs, store):
    coded = tmp_path / "photo.nc"
    ncodec.encode(photographs / "0.png", coded, codec="entropic-student", model=model, rate=1)
    for name in ("f.npy", "f.safetensors"):
        done = command("decode", coded, "--head", "features", "-o", tmp_path / name)
        assert done.code == 0, done.err
    data = (tmp_path / "f.safetensors").read_bytes()
    end = 8 + int.from_bytes(data[:8], "little")
    about = json.loads(data[8:end])["features"]
    found = np.frombuffer(data[end:], "<f4").reshape(about["shape"])
    assert np.array_equal(found, np.load(tmp_path / "f.npy"))


def test_a_missing_model_and_a_missing_head_are_told(
    command, tmp_path, model, photographs, monkeypatch
):
    monkeypatch.setenv("NCODEC_MODELS", str(tmp_path / "none"))
    coded = tmp_path / "photo.nc"
    ncodec.encode(photographs / "0.png", coded, codec="entropic-student", model=model, rate=1)
    with pytest.raises(MissingDependency, match="--model FILE"):
        FeatureFile(coded)
    for given, code in ((["--head", "features"], 2), (["--head", "x", "-o", "x.npy"], 2)):
        done = command("decode", coded, "--model", model, *given)
        assert done.code == code
        assert len(done.err.strip().splitlines()) == 1
    done = command("decode", coded, "--head", "classify", "--model", photographs / "0.png")
    assert done.code == 3


NO_TORCH = """
import sys
class Block:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {"torch", "ncodec", "compressai"}:
            raise ImportError(name + " is blocked")
sys.meta_path.insert(0, Block())
sys.argv = sys.argv[1:]
import runpy
runpy.run_path(sys.argv[0], run_name="__main__")
"""


def test_an_exported_encoder_makes_packets_without_torch(tmp_path, model, photographs):
    line = [sys.executable, "-c", BLOCKED, "export", model, "--onnx", tmp_path / "edge"]
    exported = subprocess.run([*map(str, line)], capture_output=True)
    assert exported.returncode == 0, exported.stderr
    coded = tmp_path / "photo.packet"
    source = photographs / "2.png"
    done = subprocess.run(
        [sys.executable, "-c", NO_TORCH, str(tmp_path / "edge/edge.py"), source, coded, "2"],
        capture_output=True,
    )
    assert done.returncode == 0, done.stderr
    decoder, encoder = Decoder(model), Encoder(model, rate=2)
    found = open_packet(coded.read_bytes(), decoder.model)
    expected = encoder.latents(encoder.prepare(source))
    assert (found.rate, found.width, found.height) == (2, 224, 224)
    assert (found.values != expected.values).mean() < 0.01
    assert np.abs(found.values - expected.values).max() <= 1


def test_an_exported_decoder_gives_the_same_picture(tmp_path, model, photographs):
    import onnxruntime

    from ncodec.student.onnx import export

    decoder = Decoder(model)
    export(decoder.model, tmp_path)
    packet = Encoder(model, rate=1).encode(photographs / "0.png")
    latents = open_packet(packet, decoder.model)
    restored = decoder.model.rate(1).restored(latents.values)
    session = onnxruntime.InferenceSession(str(tmp_path / "decoder.onnx"))
    (found,) = session.run(None, {"latents": restored[None]})
    features = decoder.teacher.features(torch.from_numpy(found))
    assert torch.allclose(features, decoder.features(packet), rtol=1e-3, atol=1e-3)
