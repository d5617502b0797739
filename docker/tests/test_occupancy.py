import pytest

from src.runtime.occupancy import Occupancy


def test_percent_is_of_all_places_since_the_last_call():
    now = [0.0]
    occupancy = Occupancy(4, lambda: now[0])
    now[0] = 10
    with occupancy:
        now[0] = 20
        with occupancy:
            now[0] = 40
    now[0] = 60
    # One place for 30 s and another for 20 s, of four for a minute.
    assert occupancy.percent() == pytest.approx(100 * 50 / 240)
    now[0] = 120
    assert occupancy.percent() == 0


def test_work_counts_before_it_ends_and_when_it_fails():
    now = [0.0]
    occupancy = Occupancy(1, lambda: now[0])

    def fail():
        with occupancy:
            now[0] = 60
            assert occupancy.percent() == 100
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    now[0] = 120
    assert occupancy.percent() == 0


def test_no_time_is_no_work():
    assert Occupancy(4, lambda: 1.0).percent() == 0
