"""What a local Lambda function may import from."""

from __future__ import annotations

from decant.local.worker_prelude import lambda_paths


def test_keeps_the_standard_library_and_the_worker_and_drops_all_packages() -> None:
    worker = "/state/tmp/worker"
    paths = [
        worker,
        "/usr/lib/python311.zip",
        "/usr/lib/python3.11",
        "/usr/lib/python3.11/lib-dynload",
        "/checkout/.venv/lib/python3.11/site-packages",
        "/usr/lib/python3.11/site-packages",
        "/usr/lib/python3/dist-packages",
        "/checkout",
        "",
    ]
    assert lambda_paths(paths, {"/usr/lib/python3.11"}, worker) == paths[:4]
