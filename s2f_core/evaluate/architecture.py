"""Table 1 and Figure 2 read from the networks themselves: what their layers are, and which of them a training step moves."""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from s2f_core.data.audio import CLIP_SAMPLES
from s2f_core.evaluate.claims import Row, cell
from s2f_core.evaluate.evidence import Evidence, counted
from s2f_core.features.speaker import GE2E
from s2f_core.features.spectrogram import CLIP_FRAMES, FREQ_BINS
from s2f_core.models import face_decoder, face_encoder, voice_encoder
from s2f_core.models.face_decoder import FaceDecoder
from s2f_core.models.face_encoder import CompactFaceEncoder, VGGFace
from s2f_core.models.voice_encoder import VoiceEncoder, VoiceEncoderConfig
from s2f_core.training import distributed
from s2f_core.training.losses import PUBLISHED, Layers
from s2f_core.training.voice_task import Frozen, Heard, VoiceTask, VoiceTaskConfig

READ = "module"  # where these numbers are from
CLASSES = 3000  # as many as the laptop profile trains on


def table1(evidence: Evidence) -> list[Row]:
    """Table 1 against the layers of our voice encoder of the paper's size, and of its output."""
    encoder = _on_meta(lambda: VoiceEncoder(voice_encoder.paper()))
    ledger, rows = evidence.ledger, []
    parts = {"tab01.conv": _convolutions(encoder), "tab01.maxpool": _pools(encoder), "tab01.fc": _full(encoder)}
    for name, found in parts.items():
        for label, numbers in found.items():
            for column, ours in numbers.items():
                rows.append(counted(ledger[name], f"{label}.{column}", ours, paper=cell(ledger[name], label, column),
                                    said=f": {label.replace('_', ' ')}, {column.replace('_', ' ')}"))
    stages = dict(encoder.stages.named_children())
    orders = [[type(layer).__name__ for layer in stage.modules()][1:] for stage in stages.values()]
    given = encoder(torch.empty(1, CLIP_FRAMES, FREQ_BINS, 2, device="meta"))
    [frames] = {row.output[0] for row in encoder.layers() if row.name.startswith("AVGPOOL")}
    counts = {"tab01.avgpool": frames, "tab01.relu_bn": orders.count(["Conv2d", "ReLU", "BatchNorm2d"]),
              "tab01.fc_relu": sum(order[-2:] == ["Linear", "ReLU"] for order in orders), "tab01.feature": given.shape[1]}
    return rows + [counted(ledger[name], READ, ours) for name, ours in counts.items()]


def figure2(evidence: Evidence) -> list[Row]:
    """How many of the three parts one step of our training changes: a step of the real task, on networks of a few numbers."""
    return [counted(evidence.ledger["fig02.trained_parts"], "one_step", len(trained_parts()))]


def trained_parts() -> list[str]:
    """Name the parts whose numbers differ behind one training step of the voice encoder."""
    with distributed.seeded(0, device=torch.device("cpu")):
        face = CompactFaceEncoder(face_encoder.CompactConfig(widths=((4,),), side_px=32, feature=8, classes=5))
        decoder = FaceDecoder(face_decoder.FaceDecoderConfig(
            feature=8, trunk=6, landmark_hidden=4, side_px=32, start_px=8, start_channels=4, min_channels=4, warp_step_px=8))
        voice = VoiceEncoder(voice_encoder.laptop(3, feature=8))
        heard = Heard(np.random.default_rng(0).integers(-9999, 9999, (2, CLIP_SAMPLES)).astype(np.int16), np.arange(2),
                      torch.randn(2, 8), "noise")
    parts: dict[str, nn.Module] = {"voice encoder": voice, "face recogniser": face, "face decoder": decoder}
    frozen = Frozen(Layers(decoder.first_layer, face.logits), decoder)
    for part in (face, decoder):
        part.requires_grad_(False)
    taught = VoiceTaskConfig(loss="full", terms=PUBLISHED, numbers=0.0, gain_db=0.0, shift=False)
    task = VoiceTask(voice, heard, heard, frozen, taught)
    before = {name: _numbers(part) for name, part in parts.items()}
    optimiser = torch.optim.SGD([one for part in parts.values() for one in part.parameters()], lr=1.0)
    task.loss(task.batch(np.arange(2), seed=0, epoch=0, step=0))["total"].backward()
    optimiser.step()
    return [name for name, part in parts.items() if not torch.equal(_numbers(part), before[name])]


def networks() -> dict[str, Any]:
    """Layers, parameters and cost of every network, at the paper's size and at ours, for the pages that draw them."""
    sizes: dict[str, tuple[Callable[[], nn.Module], tuple[int, ...]]] = {
        "voice encoder, paper": _voice(voice_encoder.paper()), "voice encoder, laptop": _voice(voice_encoder.laptop()),
        "voice encoder, speaker": _voice(voice_encoder.speaker()),
        "face encoder, paper": (lambda: VGGFace(face_encoder.vgg_face()), (3, 224, 224)),
        "face encoder, laptop": (lambda: CompactFaceEncoder(face_encoder.compact(CLASSES)), (3, 128, 128)),
        "face decoder, paper": (lambda: _Branches(face_decoder.paper()), (face_decoder.PAPER_FEATURE,)),
        "face decoder, laptop": (lambda: _Branches(face_decoder.laptop()), (face_decoder.LAPTOP_FEATURE,)),
    }
    return {name: _described(_on_meta(build), shape) for name, (build, shape) in sizes.items()}


def _voice(config: VoiceEncoderConfig) -> tuple[Callable[[], nn.Module], tuple[int, ...]]:
    return lambda: VoiceEncoder(config), (CLIP_FRAMES, FREQ_BINS, 2) if config.convs else (GE2E.embedding,)


class _Branches(nn.Module):
    """A face decoder up to its warp, in which nothing is learnt, and which needs to see the landmarks' places."""

    def __init__(self, config: face_decoder.FaceDecoderConfig) -> None:
        super().__init__()
        self.decoder = FaceDecoder(config)

    def forward(self, features: Float[Tensor, "batch feature"]) -> Float[Tensor, "batch 3 side side"]:
        trunk = self.decoder.first_layer(features)
        self.decoder.landmark_branch(trunk)
        return self.decoder.texture_branch(trunk)


def _described(network: nn.Module, shape: tuple[int, ...]) -> dict[str, Any]:
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        given = network(torch.empty(1, *shape, device="meta"))
    first = given if isinstance(given, Tensor) else given[0]
    rows = [[row.name, row.kernel, row.stride, list(row.output), row.parameters] for row in network.layers()
            ] if isinstance(network, VoiceEncoder) else []
    return {"input": list(shape), "output": list(first.shape[1:]), "gflop": round(counter.get_total_flops() / 1e9, 4),
            "parameters": sum(one.numel() for one in network.parameters()), "layers": rows}


def _convolutions(encoder: VoiceEncoder) -> dict[str, dict[str, int]]:
    found = {name: stage.conv for name, stage in encoder.stages.named_children() if name.startswith("conv")}
    return {name: {"channels": conv.out_channels, "kernel_time": conv.kernel_size[0], "kernel_freq": conv.kernel_size[1],
                   "stride": conv.stride[0]} for name, conv in found.items()}  # fmt: skip


def _pools(encoder: VoiceEncoder) -> dict[str, dict[str, int]]:
    """By the convolution in front of it."""
    found, before = {}, ""
    for name, stage in encoder.stages.named_children():
        if isinstance(stage, nn.MaxPool2d):
            sizes = zip(("kernel", "stride"), (stage.kernel_size, stage.stride), strict=True)
            found[f"after_{before}"] = {f"{what}_{axis}": size[place] for what, size in sizes
                                        for place, axis in enumerate(("time", "freq"))}
        before = name
    return found


def _full(encoder: VoiceEncoder) -> dict[str, dict[str, int]]:
    """A fully connected layer is a convolution by 1 × 1 in steps of 1 over the one place that is left."""
    found = [module for module in encoder.stages.modules() if isinstance(module, nn.Linear)]
    return {f"fc{number}": {"channels": layer.out_features, "kernel": 1, "stride": 1} for number, layer in enumerate(found, 1)}


def _numbers(part: nn.Module) -> Tensor:
    return torch.cat([one.detach().flatten().clone() for one in part.parameters()])


def _on_meta(build: Callable[[], Any]) -> Any:
    with torch.device("meta"):
        return build().eval()
