"""A report in a real browser: nothing fails, every picture is shown, and nothing leaves the file."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from playwright.sync_api import Browser, sync_playwright

from mixtura import MixtureOutlierDetector, MixtureSelector, datasets
from mixtura.report import MixtureReport

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
CHROMIUM = next((path for name in NAMES if (path := shutil.which(name))), None)
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed: apt-get install chromium")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    # Chromium's own sandbox does not start for root.
    root = hasattr(os, "geteuid") and os.geteuid() == 0
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-dev-shm-usage"] if root else []
        )
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def reports(tmp_path_factory) -> dict[str, Path]:
    """Return a report of a selection with hostile names, and one of outliers in many columns."""
    folder = tmp_path_factory.mktemp("reports")
    X = datasets.load_faithful().data
    frame = pd.DataFrame(X, columns=["<img src=x onerror=alert(1)>", "$\\frac$ <script>alert(2)</script>"])
    selector = MixtureSelector(n_components=[1, 2, 3], random_state=0).fit(frame)
    wide = np.random.default_rng(0).normal(size=(300, 12))
    found = {
        "selection": MixtureReport(selector, frame, title="</title><script>alert(3)</script>"),
        "outliers": MixtureReport(MixtureOutlierDetector(2, random_state=0).fit(wide), wide),
    }
    for name, report in found.items():
        report.save(folder / f"{name}.html")
    return {name: folder / f"{name}.html" for name in found}


@pytest.mark.parametrize("name", ["selection", "outliers"])
@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_opens_by_itself(browser, reports, name, width, scheme) -> None:
    said: list[str] = []
    asked: list[str] = []
    context = browser.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme)
    page = context.new_page()
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("dialog", lambda dialog: (said.append(dialog.message), dialog.dismiss()))
    page.on("request", lambda request: asked.append(request.url))
    page.goto(reports[name].as_uri(), wait_until="load")
    assert said == []
    assert [url for url in asked if not url.startswith("data:")] == [reports[name].as_uri()]
    pictures = page.evaluate("[...document.images].map(i => [i.complete, i.naturalWidth])")
    assert len(pictures) >= 4
    assert all(complete and natural > 0 for complete, natural in pictures)
    # Tables scroll in themselves, the page does not.
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate("document.scripts.length") == 0
    assert contrast(page) >= 4.5
    context.close()


def contrast(page: Any) -> float:
    """Return the contrast of text and page, by WCAG 2."""
    luminances = []
    for what in ("color", "backgroundColor"):
        text = page.evaluate(f"getComputedStyle(document.body).{what}")
        rgb = np.array([int(part) for part in text.removeprefix("rgb(").removesuffix(")").split(",")]) / 255
        linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
        luminances.append(float(linear @ [0.2126, 0.7152, 0.0722]))
    return (max(luminances) + 0.05) / (min(luminances) + 0.05)


def test_in_print_nothing_is_folded_away(browser, reports) -> None:
    page = browser.new_page()
    page.goto(reports["selection"].as_uri())
    page.emulate_media(media="print")
    tables = "[...document.querySelectorAll('details table')].map(t => t.checkVisibility())"
    assert page.evaluate(tables) == [True, True]
    page.close()
