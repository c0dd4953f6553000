"""Runs an edge function on the `njs` program (Debian's 0.7.9), with CloudFront's module shimmed.

njs is the engine family of CloudFront Functions; this version is older and stricter than theirs.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from decant.local.edge_runtime import without_import

_TIMEOUT_SECONDS = 120

_SHIM = """
var theCase = null, theReads = 0;
function value(key) {
  theReads++;
  return theCase.store[key];
}
const theStore = {
  get: (key, options) => {
    const text = value(key);
    if (text === undefined) { return Promise.reject(new Error('KeyNotFound')); }
    const json = options !== undefined && options.format === 'json';
    return Promise.resolve(json ? JSON.parse(text) : text);
  },
  exists: (key) => Promise.resolve(value(key) !== undefined),
};
const cf = { kvs: () => theStore };
"""

_MAIN = """
async function outcomeOf(event) {
  try {
    const result = await handler(event);
    return { result: result, error: null, reads: theReads };
  } catch (error) {
    return { result: null, error: String(error), reads: theReads };
  }
}
async function runAll() {
  const outcomes = [];
  for (let i = 0; i < theCases.length; i++) {
    theCase = theCases[i];
    theReads = 0;
    const raw = theCase.rawQuery === null ? undefined : theCase.rawQuery;
    const query = { value: () => raw, enumerable: false, configurable: true };
    Object.defineProperty(theCase.event.request, 'rawQueryString', query);
    const outcome = await outcomeOf(theCase.event);
    outcomes.push(outcome);
  }
  // console.log cuts at 2,048 bytes.
  require('fs').writeFileSync('/dev/stdout', JSON.stringify(outcomes));
}
runAll();
"""


def available() -> bool:
    """Whether the program is on PATH."""
    return shutil.which("njs") is not None


def run(code: str, cases: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """{"result", "error", "reads"} of each case {"event", "store", "rawQuery"}, in one process.

    Raises AssertionError with njs's own words when the code does not parse or the process fails.
    """
    # An ASCII JSON text inside an ASCII string literal is the same string in every engine.
    data = f"const theCases = JSON.parse({json.dumps(json.dumps(cases))});"
    outcomes: list[dict[str, Any]] = json.loads(
        execute("\n".join([_SHIM, without_import(code), data, _MAIN]))
    )
    assert len(outcomes) == len(cases)
    return outcomes


def execute(script: str) -> str:
    """What `script` prints; AssertionError when njs refuses it."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "script.js"
        path.write_text(script, encoding="utf-8")
        done = subprocess.run(
            ["njs", str(path)],
            capture_output=True,
            encoding="utf-8",
            timeout=_TIMEOUT_SECONDS,
            check=False,
        )
    assert done.returncode == 0, f"njs failed: {done.stdout[-2000:]}{done.stderr[-2000:]}"
    return done.stdout
