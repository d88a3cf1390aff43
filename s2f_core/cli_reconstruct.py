"""`s2f reconstruct`: one face from one recording, and the note of what it is not, in the picture and on the terminal."""

from pathlib import Path
from typing import Annotated

import typer

from s2f_core import artifacts, cli_options, config
from s2f_core.errors import InputError

SHIPPED = Path("data", "weights", "laptop")  # the set that a checkout brings


def reconstruct(
    clip: Annotated[Path, typer.Argument(help="a sound file: wav, flac, ogg, mp3, …; its first seconds are used")],
    output: Annotated[Path, typer.Option("-o", "--output", help="the picture, a PNG")],
    model: Annotated[str, typer.Option(
        autocompletion=cli_options.complete_variant,
        help="a variant of the shipped set (6s, 3s, …), the folder of a trained set, or a voice_encoder_… file in one",
    )] = "6s",
    exaggerate: Annotated[float, typer.Option(
        help="e in mean + (1 + e)(v − mean), our reading of the authors' exg: −1 is the mean face, 0 none; they show 1.4"
    )] = 0.0,
    as_json: Annotated[bool, typer.Option(
        "--json", help="print what was done instead of the picture's path: {image, clip_s, recorded_s, repeated, variant, …}"
    )] = False,
) -> None:  # fmt: skip
    """Draw an average face for a voice. It is not the speaker's: do not use it to identify, judge or profile anybody."""
    if output.suffix.lower() != ".png":
        raise InputError(f"the picture is a PNG, but its name is {output.name}; end it with .png")
    from s2f_core.reconstruct import NOTE, Reconstructor

    face = Reconstructor.load(*_trained_set(model)).voice_to_face(clip, exaggerate)
    try:
        artifacts.write_bytes(output, face.png())
    except OSError as error:
        raise InputError(f"{output} cannot be written ({error.strerror}); choose another place") from None
    typer.echo(NOTE, err=True)
    if as_json:
        typer.echo(artifacts.dumps({
            "image": str(output), "clip_s": face.clip_s, "recorded_s": face.recorded_s, "repeated": face.repeated,
            "variant": face.variant, "model_sha256": face.model_sha256, "exaggerate": face.exaggerate, "note": NOTE,
        }))  # fmt: skip
    else:
        typer.echo(_heard(face.clip_s, face.recorded_s), err=True)
        typer.echo(output)


def _trained_set(model: str) -> tuple[Path, str]:
    """The folder and the variant that `--model` means."""
    from s2f_core.models import trained_set

    given = Path(model)
    if given.is_dir():
        known = trained_set.variants(given)
        return given, known[0] if len(known) == 1 else trained_set.VARIANT
    if given.is_file():
        return given.parent, trained_set.variant_of(given)
    return config.project_root(Path.cwd()) / SHIPPED, model


def _heard(clip_s: float, recorded_s: float | None) -> str:
    if recorded_s is None:
        return f"Heard: up to {clip_s:g} s of a file that does not state its length."
    if recorded_s < clip_s:
        return f"Heard: {recorded_s:.2f} s, repeated to {clip_s:g} s."
    return f"Heard: the first {clip_s:g} s of {recorded_s:.2f} s."
