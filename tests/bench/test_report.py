"""The table of the bench: medians, spread, ratios, targets."""

from bench import report
from bench.load import Sample
from bench.rows import BODY_BYTES, order_body


def samples(**costs: list[float]) -> report.Samples:
    pairs = {tuple(key.split("__")): values for key, values in costs.items()}
    return {key: [Sample(value, 1000.0) for value in values] for key, values in pairs.items()}


def test_a_cell_shows_median_and_spread():
    assert report.cell(samples(plain__nginx=[3.0, 1.0, 2.0]), "plain", "nginx") == "**2.0** (1.0-3.0) 1.0 k/s"
    assert report.cell({}, "plain", "nginx") == "-"


def test_a_target_that_falls_short_is_said():
    short = samples(plain__yett=[14.0], plain__haproxy=[10.0], everything__yett=[5.0], everything__envoy=[10.0])
    assert not report.holds(short)
    shown = "\n".join(report.targets(short))
    assert "1.40 x | falls short" in shown
    assert "0.50 x | holds" in shown


def test_what_was_not_measured_is_not_called_held():
    assert "holds" not in "\n".join(report.targets({}))


def test_the_body_has_its_size():
    assert len(order_body()) == BODY_BYTES
