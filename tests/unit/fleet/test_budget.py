import pytest

from parley.fleet.budget import RestartBudget
from parley.fleet.ledger import Ledger
from parley.fleet.limits import FleetLimits

LIMITS = FleetLimits(restart_budget=3, restart_window_s=60.0, restart_backoff_s=0.2, poison_budget=5)


def test_so_many_may_be_replaced_and_no_more() -> None:
    budget = RestartBudget(LIMITS)
    for _ in range(3):
        budget.lost(1.0)
    assert not budget.is_spent(1.0)
    budget.lost(1.0)
    assert budget.is_spent(1.0)


def test_losses_leave_the_window() -> None:
    budget = RestartBudget(LIMITS)
    for now in (0.0, 10.0, 20.0, 30.0):
        budget.lost(now)
    assert budget.is_spent(60.0)
    assert not budget.is_spent(60.1)


def test_a_success_gives_one_back() -> None:
    budget = RestartBudget(LIMITS)
    budget.succeeded()
    for _ in range(100):
        budget.lost(1.0)
        budget.lost(1.0)
        budget.succeeded()
        budget.succeeded()
    assert not budget.is_spent(1.0)


def test_waits_double_and_count_from_the_last_loss() -> None:
    budget = RestartBudget(LIMITS)
    assert budget.delay(5.0) == 0.0
    waits: list[float] = []
    for _ in range(4):
        budget.lost(5.0)
        waits.append(budget.delay(5.0))
    assert waits == pytest.approx([0.2, 0.4, 0.8, 1.6])
    assert budget.delay(6.0) == pytest.approx(0.6)
    assert budget.delay(7.0) == 0.0


def test_poisoned_calls_in_a_row_spend_it_however_slowly_and_it_comes_back() -> None:
    budget = RestartBudget(LIMITS)
    for call in range(6):
        assert not budget.is_spent(call * 600.0)
        budget.poisoned(call * 600.0)
    assert budget.is_spent(3000.0)
    assert not budget.is_spent(3060.1)
    budget.poisoned(3061.0)
    assert budget.is_spent(3061.0)


def test_a_success_ends_a_row_of_poisoned_calls() -> None:
    budget = RestartBudget(LIMITS)
    for _ in range(100):
        for _ in range(5):
            budget.poisoned(1.0)
        budget.succeeded()
    budget.poisoned(1.0)
    assert not budget.is_spent(1.0)


def test_waits_for_poisoned_calls_stop_growing() -> None:
    budget = RestartBudget(LIMITS)
    waits: list[float] = []
    for _ in range(6):
        budget.poisoned(5.0)
        waits.append(budget.delay(5.0))
    assert waits == pytest.approx([0.2, 0.4, 0.8, 1.6, 1.6, 1.6])


def test_a_loss_at_work_is_the_call_s_to_answer_for() -> None:
    ledger = Ledger(LIMITS)
    for _ in range(9):
        ledger.lost(1.0, "fell", at_work=True)
    assert ledger.may_start(1.0)
    assert (ledger.unreplaced, ledger.delay(1.0)) == (9, 0.0)
    for _ in range(6):
        ledger.poisoned(1.0)
    assert not ledger.may_start(1.0)


def test_the_ledger_knows_who_was_replaced() -> None:
    ledger = Ledger(LIMITS)
    ledger.hired()
    assert (ledger.unreplaced, ledger.restarts) == (0, 0)
    for number in range(7):
        ledger.lost(1.0, f"fate {number}")
    ledger.hired()
    assert (ledger.unreplaced, ledger.restarts) == (6, 1)
    assert ledger.reasons == tuple(f"fate {number}" for number in range(2, 7))
    assert not ledger.may_start(1.0)
