"""`python -m tests.lint_templates`: cfn-lint on both templates as they are deployed."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from edge.template import edge_stack
from pipeline.template import pipeline_stack


def main() -> int:
    """Lint; returns cfn-lint's exit code."""
    stacks = (
        edge_stack("prod", {}),
        pipeline_stack("prod", source_bucket="s", artifact_bucket="a", api_url="https://a/api"),
    )
    with tempfile.TemporaryDirectory() as folder:
        paths = []
        for stack in stacks:
            path = Path(folder) / f"{stack.name}.json"
            path.write_text(stack.body)
            paths.append(str(path))
        cfn_lint = Path(sys.executable).with_name("cfn-lint")
        return subprocess.run([str(cfn_lint), *paths], check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
