"""A fit as one HTML file that can be sent, printed and kept: `MixtureReport(estimator, X).save(path)`.

Needs jinja2 and matplotlib: `pip install 'mixtura[report]'`.
"""

from mixtura.report import _extras  # noqa: F401  (first)
from mixtura.report.report import MixtureReport

__all__ = ["MixtureReport"]
