"""Compares libraries with the project's own code: `make bench-libraries`. Prints a table."""

from __future__ import annotations

import json
import os
import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

ROOT = Path(__file__).parents[2]
HERE = Path(__file__).parent
BUILD = ROOT / "build/libraries"
GO = BUILD / "go"
GUARD = BUILD / "node/node_modules/@cdklabs/cdk-validator-cfnguard"
PYTHON = ROOT / "docker/.venv/bin/python"
PACKAGES = BUILD / "venv/lib/python3.11/site-packages"
# A step that takes longer hangs; Go's first build of OPA and CDK takes minutes.
LIMIT_SECONDS = 900

# The own functions that a library would replace: of a load at a rate, and of an archive.
LOAD = ("atRate", "asFastAsPossible", "collect")
UNTAR = "untar"

Row = list[object]


def output(*command: str | Path, at: Path = ROOT, **variables: str) -> str:
    """Return what a command prints."""
    environment = {**os.environ, **variables}
    done = subprocess.run(command, cwd=at, env=environment, check=True, stdout=subprocess.PIPE, timeout=LIMIT_SECONDS)
    return done.stdout.decode()


def file_of(name: str) -> Path:
    """Return the app's Go file with a function, wherever it stands."""
    begins = f"\nfunc {name}("
    found = [it for it in (ROOT / "internal").rglob("*.go") if begins in it.read_text()]
    assert len(found) == 1, f"func {name} is in {len(found)} files of internal/, not in one"
    return found[0]


def function(path: Path, name: str) -> str:
    """Return a function of a Go file, formatted as gofmt does."""
    found = re.search(rf"^func {name}\(.*?^}}\n", path.read_text(), re.MULTILINE | re.DOTALL)
    assert found, f"{path}: no func {name}"
    return found[0]


def copy_module() -> str:
    """Copy the Go module below build/, with the own code that it compares, and return the checksums.

    They are the module's and the app's.
    """
    shutil.rmtree(GO, ignore_errors=True)
    shutil.copytree(HERE, GO, ignore=shutil.ignore_patterns("*.py", "requirements.*", "package*"))
    sums = (HERE / "go.sum").read_text() + (ROOT / "go.sum").read_text()
    known = "".join(sorted(set(sums.splitlines(keepends=True))))
    (GO / "go.sum").write_text(known)
    output("go", "mod", "edit", "-replace", f"benchlingwebhook={ROOT}", at=GO)
    own_load = re.sub(r"^package \w+$", "package main", file_of(LOAD[0]).read_text(), flags=re.MULTILINE)
    (GO / "load/load.go").write_text(own_load)
    imports = 'import (\n"archive/tar"\n"errors"\n"fmt"\n"io"\n"os"\n"path/filepath"\n)\n'
    untar = function(file_of(UNTAR), UNTAR)
    (GO / "archives/untar.go").write_text(f"package main\n{imports}{untar}")
    # Whichever pairs are built, each library has one version.
    output("go", "mod", "tidy", at=GO)
    return known


def built(package: str) -> Path:
    """Build a program of the copied module."""
    binary = BUILD / "bin" / Path(package).name
    output("go", "build", "-mod=mod", "-o", binary, package, at=GO)
    return binary


def packages(package: str, *beside: str) -> int:
    """Return how many packages beyond Go's own a package needs that others don't, itself included."""
    command = ("go", "list", "-mod=mod", "-deps", "-f", "{{if not .Standard}}{{.ImportPath}}{{end}}")
    there = set(output(*command, *beside, at=GO).split()) if beside else set()
    return len(set(output(*command, package, at=GO).split()) - there)


def terminals() -> Iterator[Row]:
    """Say what go-isatty costs."""
    yield from json.loads(output(built("./terminals")))
    yield ["packages", 0, packages("github.com/mattn/go-isatty")]
    required = r"^github.com/aws/jsii-runtime-go@\S+ github.com/mattn/go-isatty@"
    yield ["jsii requires it already", "", re.search(required, output("go", "mod", "graph"), re.MULTILINE) is not None]


def load() -> Iterator[Row]:
    """Compare vegeta with the own load."""
    yield from json.loads(output(built("./load")))
    yield ["packages", 0, packages("github.com/tsenart/vegeta/v12/lib", "benchlingwebhook/internal/testbed/benchling")]
    path = file_of(LOAD[0])
    replaced = sum(function(path, it).count("\n") for it in LOAD)
    attack = function(HERE / "load/main.go", "attack").count("\n")
    yield ["lines that it would replace, and those that call it", replaced, attack]


def archives() -> Iterator[Row]:
    """Compare mutate.Extract and go-archive with the own tar walks."""
    yield from json.loads(output(built("./archives")))
    yield ["go-archive: packages", 0, packages("github.com/moby/go-archive")]
    yield [
        "go-archive: lines",
        function(file_of(UNTAR), UNTAR).count("\n"),
        function(HERE / "archives/main.go", "unpack").count("\n"),
    ]


def cfn_guard() -> Path:
    """Return the program of cfn-guard for this machine, which its npm package carries."""
    machine = {"arm64": "aarch64"}.get(platform.machine(), platform.machine())
    program = GUARD / "bin" / ("macos" if sys.platform == "darwin" else "ubuntu") / machine / "cfn-guard"
    program.chmod(0o755)
    return program


def rules() -> Iterator[Row]:
    """Compare OPA and cfn-guard with internal/policy."""
    template = BUILD / "spoiled.template.json"
    text = json.loads((ROOT / "stacks/testdata/dev.template.json").read_text())
    for logical_id, resource in text["Resources"].items():
        # As the CDK CLI has it written.
        resource.setdefault("Metadata", {})["aws:cdk:path"] = f"stack/{logical_id}/Resource"
        for container in resource["Properties"].get("ContainerDefinitions", ()):
            container["ReadonlyRootFilesystem"] = False
    template.write_text(json.dumps(text))
    binary = built("./rules")
    yield from json.loads(output(binary, template, HERE / "rules/rules.rego", cfn_guard(), HERE / "rules/rules.guard"))
    yield ["OPA: packages", 0, packages("github.com/open-policy-agent/opa/v1/rego", "benchlingwebhook/internal/policy")]
    size = sum(it.stat().st_size for it in GUARD.rglob("*") if it.is_file())
    yield ["cfn-guard: installed, MB", 0, size / 1e6]


def script(name: str) -> Iterator[Row]:
    """Run one of the Python comparisons in the service's environment."""
    yield from json.loads(output(PYTHON, HERE / f"{name}.py", PYTHONPATH=f"{ROOT / 'docker'}:{PACKAGES}"))


def installed(*names: str) -> Iterator[Row]:
    """Say what libraries weigh that the service hasn't got."""
    size = 0
    for name in names:
        for path in metadata.Distribution.at(next(PACKAGES.glob(f"{name}-*.dist-info"))).files or ():
            size += (PACKAGES / path).stat().st_size if (PACKAGES / path).exists() else 0
    yield ["installed beyond the image's packages, MB", 0, size / 1e6]


def shown(value: object) -> str:
    """Return a value for the table."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.3g}" if value < 1000 else f"{value:.0f}"
    return str(value)


def ratio(own: object, library: object) -> str:
    """Return the library's figure as a multiple of the own, where both are figures."""
    figures = [it for it in (own, library) if isinstance(it, int | float) and not isinstance(it, bool)]
    return f"{figures[1] / figures[0]:.3g}" if len(figures) == 2 and figures[0] else ""


def main() -> None:
    """Print the table, a section a pair."""
    known = copy_module()
    pairs = {
        "go-isatty": terminals,
        "vegeta": load,
        "tar": archives,
        "httpx-retries": lambda: (*script("retries"), *installed("httpx_retries")),
        "remotezip": lambda: (*script("downloads"), *installed("remotezip", "requests", "charset_normalizer")),
        "pydantic-settings": lambda: (
            *script("settings"),
            *installed(
                "pydantic_settings",
                "pydantic",
                "pydantic_core",
                "annotated_types",
                "typing_inspection",
                "python_dotenv",
            ),
        ),
        "rules": rules,
    }
    for name in sys.argv[1:] or pairs:
        print(f"\n{name}\n| | own code | library | ratio |\n|---|---|---|---|", flush=True)
        for what, own, library in pairs[name]():
            print(f"| {what} | {shown(own)} | {shown(library)} | {ratio(own, library)} |", flush=True)
    if unknown := set((GO / "go.sum").read_text().splitlines()) - set(known.splitlines()):
        sys.exit("\n".join(("tools/libraries/go.sum lacks what was built: review and add", *sorted(unknown))))


if __name__ == "__main__":
    main()
