"""Describe the shipped corpus in Croissant's JSON-LD: its shards with hash and size, and records of people and recordings."""

import hashlib
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from s2f_core.data.corpora.synthetic import FACES, VOICES

CONFORMS_TO = "http://mlcommons.org/croissant/1.0"
CONTEXT = {
    "@language": "en", "@vocab": "https://schema.org/", "citeAs": "cr:citeAs", "column": "cr:column",
    "conformsTo": "dct:conformsTo", "cr": "http://mlcommons.org/croissant/", "rai": "http://mlcommons.org/croissant/RAI/",
    "data": {"@id": "cr:data", "@type": "@json"}, "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/", "equivalentProperty": "cr:equivalentProperty",
    "examples": {"@id": "cr:examples", "@type": "@json"}, "extract": "cr:extract",
    "field": "cr:field", "fileProperty": "cr:fileProperty", "fileObject": "cr:fileObject", "fileSet": "cr:fileSet",
    "format": "cr:format", "includes": "cr:includes", "isLiveDataset": "cr:isLiveDataset", "jsonPath": "cr:jsonPath",
    "key": "cr:key", "md5": "cr:md5", "parentField": "cr:parentField", "path": "cr:path", "recordSet": "cr:recordSet",
    "references": "cr:references", "regex": "cr:regex", "repeated": "cr:repeated", "replace": "cr:replace",
    "samplingRate": "cr:samplingRate", "sc": "https://schema.org/", "separator": "cr:separator", "source": "cr:source",
    "subField": "cr:subField", "transform": "cr:transform",
}
# Record set → kind of shard, and field → path in the sample's JSON, type and what it is.
Fields = Mapping[str, tuple[str, str, str]]
PEOPLE: Fields = {
    "speaker_id": ("$.speaker_id", "sc:Text", "Name of a person who does not exist."),
    "split": ("$.split", "sc:Text", "The split; no person is in two."),
    "sex": ("$.attributes.sex", "sc:Text", "Sex as given to the generator."),
    "age": ("$.attributes.age", "sc:Float", "Years, as given to the generator."),
    "height_cm": ("$.attributes.height_cm", "sc:Float", "Height in cm, as given to the generator."),
    "ancestry_morph": ("$.attributes.morph", "sc:Text", "The largest of three mesh targets; no claim about people."),
    "language": ("$.attributes.language", "sc:Text", "Language of the recordings."),
    "first_language": ("$.attributes.first_language", "sc:Text", "Language that the person was given first."),
    "accent": ("$.attributes.accent", "sc:Text", "Origin of the base voice."),
    "f0_hz": ("$.voice.f0_hz", "sc:Float", "Pitch that the vocoder was given, Hz."),
    "vtl_cm": ("$.voice.vtl_cm", "sc:Float", "Vocal-tract length that the vocoder was given, cm."),
}
RECORDINGS: Fields = {
    "speaker_id": ("$.speaker_id", "sc:Text", "Whose recording it is."),
    "split": ("$.split", "sc:Text", "The split of the speaker."),
    "kind": ("$.kind", "sc:Text", "An ordinary clip, a long one, or one in a second language."),
    "language": ("$.language", "sc:Text", "The language spoken."),
    "seconds": ("$.seconds", "sc:Float", "How long it is."),
}


def describe(home: Path, folder: Path, about: Mapping[str, Any]) -> dict[str, Any]:
    """The JSON-LD of the corpus in `home`, with addresses relative to `folder`, where it will lie.

    `about`: name, description, licence and the like, as Croissant names them.
    """
    shards = {kind: sorted(home.glob(f"{kind}-*.tar*")) for kind in (FACES, VOICES)}
    plan = _file(home / "plan.json", folder, "application/json")
    # Croissant has no word for .tar.gz; its reader unpacks both as what it calls tar.
    files = [_file(path, folder, "application/x-tar") for paths in shards.values() for path in paths]
    sets = [_set(kind, [path.name for path in paths]) for kind, paths in shards.items() if paths]
    records = [_records(name, kind, fields) for name, kind, fields
               in (("people", FACES, PEOPLE), ("recordings", VOICES, RECORDINGS)) if shards[kind]]
    return {"@context": CONTEXT, "@type": "sc:Dataset", **about, "conformsTo": CONFORMS_TO,
            "distribution": [plan, *files, *sets], "recordSet": records}


def _file(path: Path, folder: Path, encoding: str) -> dict[str, Any]:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return {"@type": "cr:FileObject", "@id": path.name, "name": path.name, "contentSize": f"{path.stat().st_size} B",
            "contentUrl": Path(os.path.relpath(path, folder)).as_posix(), "encodingFormat": encoding, "sha256": digest}


def _set(kind: str, shards: Sequence[str]) -> dict[str, Any]:
    return {"@type": "cr:FileSet", "@id": f"{kind}-json", "name": f"{kind}-json",
            "description": f"The JSON of every sample of {kind}.", "containedIn": [{"@id": name} for name in shards],
            "encodingFormat": "application/json", "includes": "*.json"}


def _records(name: str, kind: str, fields: Fields) -> dict[str, Any]:
    described = [{"@type": "cr:Field", "@id": f"{name}/{field}", "name": field, "description": words, "dataType": kind_of,
                  "source": {"fileSet": {"@id": f"{kind}-json"}, "extract": {"jsonPath": path}}}
                 for field, (path, kind_of, words) in fields.items()]
    return {"@type": "cr:RecordSet", "@id": name, "name": name, "field": described,
            "description": f"One record for each sample of {kind}."}
