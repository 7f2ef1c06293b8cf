"""What hours, storage and requests cost, as settings say."""

from __future__ import annotations

from pathlib import Path

import pytest

from docmill.pipeline.cli.places import the_price
from docmill.pipeline.convert.errors import SettingsError
from docmill.resources.price import Price, price_of
from docmill.resources.settings.pricing import Pricing

TYPES = {"t4": 0.35, "l4": 0.8, "h100": 4.5}


def test_an_hour_of_a_gpu_is_its_type_s_unless_it_is_said() -> None:
    assert price_of({"gpu_hours": TYPES, "gpu": "l4"}) == Price(0.8)
    assert price_of({"gpu_hours": TYPES, "gpu": "l4", "per_gpu_hour": 2.5}) == Price(2.5)
    assert price_of({"gpu_hours": TYPES}) is None
    with pytest.raises(SettingsError, match=r"'a10' has no price .* has h100, l4, t4"):
        price_of({"gpu_hours": TYPES, "gpu": "a10"})


def test_hours_in_which_a_gpu_waits_are_paid_by_those_in_which_it_works() -> None:
    always, tenth = Price(3.6), Price(3.6, gpu_utilisation=0.1)
    assert always.of({"heron": 600.0, "ocr": 400.0}) == pytest.approx(1.0)
    assert tenth.of({"heron": 600.0, "ocr": 400.0}) == pytest.approx(10.0)
    cpu = Price(per_cpu_hour=3.6, gpu_utilisation=0.1)  # workers' CPUs are paid as they compute
    assert cpu.of({}, 1000.0) == pytest.approx(1.0)


def test_storage_is_by_month_and_requests_by_the_thousand() -> None:
    price = Price(per_gb_month=0.02, per_thousand_requests=0.005)
    assert price.of_store(5e9, 2000, months=3) == pytest.approx(0.3 + 0.01)


@pytest.mark.parametrize(
    "wrong", [{"per_cpu_hour": "cheap"}, {"per_gpu_hour": -1}, {"per_gb_month": 1, "gpu_utilisation": 0}]
)
def test_what_is_no_price_is_said(wrong: dict[str, object]) -> None:
    with pytest.raises(SettingsError, match=r"pricing\."):
        price_of(wrong)


def test_commands_and_runs_have_the_same_price(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "docmill.toml").write_text(
        '[pricing]\ngpu_hours = {t4 = 0.35, l4 = 0.8}\ngpu = "t4"\ngpu_utilisation = 0.5\n'
        'per_cpu_hour = 0.04\nper_gb_month = 0.023\ncurrency = "EUR"\n'
    )
    monkeypatch.setenv("DOCMILL_SETTINGS", str(tmp_path / "docmill.toml"))
    monkeypatch.setenv("DOCMILL_PRICING_GPU", "l4")
    asked = Pricing(
        gpu_hours={"t4": 0.35, "l4": 0.8},
        gpu="l4",
        gpu_utilisation=0.5,
        per_cpu_hour=0.04,
        per_gb_month=0.023,
        currency="EUR",
    )
    assert the_price() == asked.price() == Price(0.8, "EUR", 0.04, 0.5, 0.023)
