"""The model of AWS: what must hold whatever the benchmark has measured."""

from __future__ import annotations

import pytest

from bench import scale
from bench.scale import Measured

RESULTS = {
    "redeploy_1pct": {
        "files": 20_000,
        "extra_puts": 5,
        "seconds_of_stages": {"plan": 1.0, "copy": 2.0, "finish": 1.0},
        "ours": {"requests": {"PutObject": 205, "GetObject": 12}},
        "cp": {"seconds": 100.0},
    }
}
BY = scale.measured(RESULTS)


def test_the_benchmark_is_read_by_file() -> None:
    assert pytest.approx(BY.copy_seconds) == 2.0 / 20_000
    assert pytest.approx(BY.extra_puts) == 5 / 20_000
    assert pytest.approx(BY.cp_seconds) == 0.005


def test_a_redeploy_puts_the_changed_files_and_a_few_papers() -> None:
    cost = scale.ours(20_000, 200, BY)
    assert 200 < cost.puts <= 200 + 10
    assert cost.lists == 1


def test_cp_puts_every_file_and_pays_for_each() -> None:
    cost = scale.cp(100_000, BY)
    assert cost.puts == 100_000
    assert pytest.approx(cost.dollars) == 0.5
    assert pytest.approx(cost.seconds) == 500


def test_no_deploy_is_faster_than_s3_takes_its_puts() -> None:
    nothing = Measured(0, 0, 0, 0, 0, 0)
    assert scale.ours(100_000, 100_000, nothing).seconds >= 100_000 / 3_500
    assert scale.cp(100_000, nothing).seconds >= 100_000 / 3_500


def test_a_second_wave_of_shards_takes_as_long_as_the_first() -> None:
    slow = Measured(0, 0, 0, copy_seconds=1.0, finish_seconds=0, cp_seconds=0)
    one, two = (scale.ours(files, files, slow).seconds for files in (40_000, 80_000))
    assert pytest.approx(two / one) == 2


def test_a_million_files_are_stored_flat_and_whole() -> None:
    assert not scale.is_flat(100_000)
    cost = scale.ours(1_000_000, 10_000, BY)
    assert scale.is_flat(1_000_000)
    assert cost.puts > 1_000_000


def test_a_route_table_is_written_in_batches_of_fifty_buckets() -> None:
    # 794 buckets and the version's own record are 16 updates, each with the ETag before; one
    # request asks for the room.
    assert scale.ours(100_000, 1_000, BY).store_requests == 53


def test_a_flat_version_writes_its_own_record_to_the_store() -> None:
    assert scale.ours(1_000_000, 10_000, BY).store_requests == 3
