"""Fixtures shared by the tests: the authors' published examples where a reader has them, else a skip that says so."""

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def published_source() -> Path:
    """A local copy of the authors' page: $PUBLISHED, or ../shared/published beside the checkout."""
    source = Path(os.environ.get("PUBLISHED") or ROOT.parent / "shared" / "published")
    if not (source / "figures").is_dir():
        pytest.skip(f"no local copy of the authors' published examples at {source}; set PUBLISHED to one")
    return source
