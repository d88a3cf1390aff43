"""A headless Chromium for the tests that look at pages as visitors do."""

import os
from pathlib import Path
from typing import Any

import pytest

BROWSER, DRIVER = Path("/usr/bin/chromium"), Path("/usr/bin/chromedriver")
QUIET = ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update",
         "--disable-sync", "--no-first-run")


def need_a_browser() -> None:
    """Skip where there is no Chromium; in CI, fail."""
    absent = [str(path) for path in (BROWSER, DRIVER) if not path.is_file()]
    if absent:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(f"no {' and no '.join(absent)}: install chromium-driver")


def started(profile: Path, *arguments: str) -> Any:
    """A browser of its own, with its settings in `profile`; it keeps what pages complain of and ask for."""
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service

    options = webdriver.ChromeOptions()
    options.binary_location = str(BROWSER)
    for argument in (*QUIET, f"--user-data-dir={profile}", *arguments):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    return webdriver.Chrome(options=options, service=Service(str(DRIVER)))
