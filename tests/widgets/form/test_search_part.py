from __future__ import annotations

from tests.widgets.panels import widgets
from tune_wandb_nb.tuning.plan.strategies import ALGORITHMS, SCHEDULERS
from tune_wandb_nb.widgets.form.field import Field
from tune_wandb_nb.widgets.form.search_part import SearchPart


def shown(part: SearchPart) -> list[Field]:
    return [widget for widget in widgets(part) if isinstance(widget, Field)]


def test_settings_appear_with_their_strategy() -> None:
    part = SearchPart()
    asha = SCHEDULERS["asha"]
    fields = [part.fields[asha.field_of(setting)] for setting in asha.settings]
    part.fields["scheduler"].text = "asha"
    assert set(fields) <= set(shown(part))
    explanations = [
        w.value for w in widgets(part) if "twp-explained" in str(getattr(w, "value", ""))
    ]
    assert any(asha.explained in html for html in explanations)
    part.fields["scheduler"].text = "median"
    assert not set(fields) & set(shown(part))


def test_settings_of_every_strategy_have_a_field_and_its_default() -> None:
    part = SearchPart()
    for strategy in (*SCHEDULERS.values(), *ALGORITHMS.values()):
        for setting in strategy.settings:
            assert part.fields[strategy.field_of(setting)].text == setting.default


def test_metrics_are_suggested() -> None:
    part = SearchPart(["loss"])
    assert part.fields["metric"].control.options == ("loss",)
    part.suggest(["accuracy"])
    assert part.fields["metric"].control.options == ("accuracy",)
