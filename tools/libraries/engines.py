"""Compare engines of rules with internal/policy on the templates that evade rules.

`make bench-rules` installs them first. Prints, for each: templates caught of those that
break a rule, false alarms of those that don't, and seconds for the template of prod. A
template is caught by a finding whose text is about the template's rule, as ABOUT says,
which is generous: the finding may be about another property.
"""

import json
import re
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from bench import GUARD, ROOT, cfn_guard

CHECKOV = ROOT / "build/scanner/bin/checkov"
CFN_LINT = ROOT / "build/tools/bin/cfn-lint"
GUARD_RULES = GUARD / "rules/control-tower/cfn-guard"
EVASIONS = ROOT / "internal/policy/testdata/evasions"
PROD = ROOT / "stacks/testdata/prod.template.json"

# What the text of a finding about each family of rules has in it.
ABOUT = {
    "ECS2": "public",
    "ECS3": "host|namespace|volume",
    "ECS4": "privileged",
    "ECS5": "read-?only|root file",
    "ECS8": "secret|credential|password|token|hard-?coded",
    "ECS9": "log",
    "ECS12": "insights",
    "ECS20": "user|root",
    "TASK1": "capabilit",
    "TASK2": "health",
    "IMAGE1": "image",
    "SVC1": "exec",
    "DEPLOY1": "circuit|rollback|deploy",
    "IAM1": r"resource|admin|wildcard|\*|polic",
    "IAM2": r"action|admin|wildcard|\*|polic",
    "IAM3": r"principal|public|everyone|wildcard|\*|polic",
    "IAM4": "user|access key",
    "NET1": r"ingress|0\.0\.0\.0|open|cidr",
    "NET2": "internal|internet|public|header",
    "NET3": "auth",
    "NET4": "tls|ssl|https|protocol",
    "NET5": "public",
    "NET6": "egress",
    "NET7": "tls",
    "API1": "throttl|rate",
    "DATA": "encrypt|kms|delet|retain|transport|tls|public|version|lifecycle|recovery|backup|acl",
    "QUEUE1": "dead|redrive",
    "LOG": "log|retention|flow",
    "ALARM1": "alarm|action",
    "CODE": "macro|transform|hook|nested|function|condition",
    "TYPE1": "instance",
    "STACK1": "termination|protection",
}

# What checkov 3.3.30 ends on with a RecursionError, and then reports nothing at all.
CRASHES = "CODE2-circle.json"

# The texts of the findings, by template's file name.
Findings = dict[str, list[str]]


def output(*command: str | Path) -> str:
    """Return what a command prints; its exit status says that there are findings."""
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout


def checkov(place: Path) -> Findings:
    """Return checkov's findings in a file or a directory, but for what it crashes on."""
    kind = "-d" if place.is_dir() else "-f"
    arguments = [kind, place, "--framework", "cloudformation", "-o", "json", "--quiet"]
    said = output(CHECKOV, *arguments, "--skip-path", CRASHES)
    found: Findings = {}
    for check in json.loads(said)["results"]["failed_checks"]:
        found.setdefault(Path(check["file_path"]).name, []).append(f"{check['check_id']} {check['check_name']}")
    return found


def cfn_lint(place: Path) -> Findings:
    """Return the findings of cfn-lint's own rules, informational ones too."""
    found: Findings = {}
    for it in json.loads(output(CFN_LINT, "--include-checks", "I", "--format", "json", *files_of(place)) or "[]"):
        found.setdefault(Path(it["Filename"]).name, []).append(it["Message"])
    return found


def guard(place: Path) -> Findings:
    """Return the names, places and checks of cfn-guard's failing rules."""
    found: Findings = {}
    for file in files_of(place):
        said = output(cfn_guard(), "validate", "--data", file, "--rules", GUARD_RULES)
        found[file.name] = re.findall(r"(?:Rule|PropertyPath|Check)\s*=\s*(.*)", said)
    return found


def files_of(place: Path) -> list[Path]:
    """Return a file, or the templates of a directory."""
    return sorted(place.glob("*.json")) if place.is_dir() else [place]


def counted(find: Callable[[Path], Findings]) -> tuple[int, int, float]:
    """Return templates caught, false alarms, and seconds for the template of prod."""
    caught = alarms = 0
    found = find(EVASIONS)
    for file in files_of(EVASIONS):
        rule = file.stem.partition("-")[0]
        about = ABOUT.get(rule) or ABOUT[rule.rstrip("0123456789")]
        is_found = any(re.search(about, text, re.IGNORECASE) for text in found.get(file.name, ()))
        if file.stem.endswith("-fine"):
            alarms += is_found
        else:
            caught += is_found
    began = time.monotonic()
    find(PROD)
    return caught, alarms, time.monotonic() - began


def own() -> tuple[int, int, float]:
    """Return the same of internal/policy, from its test and its benchmark."""
    said = output("go", "test", "-C", ROOT, "./internal/policy", "-run", "^TestEvasions$", "-bench", "^BenchmarkCheck$")
    if "FAIL" in said or "ok" not in said:
        sys.exit(f"engines.py: {said}")
    names = [it.stem for it in EVASIONS.glob("*.json")]
    seconds = float(re.search(r"([\d.]+) ns/op", said)[1]) / 1e9
    return sum(not name.endswith("-fine") for name in names), 0, seconds


def main() -> None:
    """Print the table."""
    print(f"{'':16}{'caught':>8}{'false':>8}{'prod, s':>10}")
    for name, figures in {
        "internal/policy": own,
        "checkov": lambda: counted(checkov),
        "cfn-lint": lambda: counted(cfn_lint),
        "cfn-guard": lambda: counted(guard),
    }.items():
        caught, alarms, seconds = figures()
        print(f"{name:16}{caught:>8}{alarms:>8}{seconds:>10.2f}", flush=True)


if __name__ == "__main__":
    main()
