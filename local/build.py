"""Building for AWS, without Docker: `make build`, and what tests and benches of built functions stand on.

    python -m local.build           .aws-sam/build   what `sam deploy` takes, for the template's processor (arm64)
    python -m local.build here      .aws-sam/here    the same for this machine's processor: it can be run here
    python -m local.build lint      sam validate --lint

SAM CLI has an environment of its own (`.venv-sam`: it pins what we do not), and so has the Lambda runtime
(`.venv-lambda`: Python 3.13 with boto3 and awslambdaric, as AWS brings them, and nothing else). Both come from locks
with hashes. What goes into the layers is downloaded once, checked against the hashes of layers/*/requirements.txt,
and SAM CLI is then given these files and no index: a build of what is known needs no network.
"""

from __future__ import annotations

import fcntl
import os
import platform
import shutil
import subprocess
import sys
import time
import venv
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

from local.aws import REGION
from local.ports import ROOT

BUILT = ROOT / ".aws-sam"
DEPLOYABLE, HERE = BUILT / "build", BUILT / "here"
LAYER, ENCODER = "Common", "Encoder"
LAYERS = (LAYER, ENCODER)
RUNTIME = "3.13"  # of the template's functions
SAM, LAMBDA = ROOT / ".venv-sam", ROOT / ".venv-lambda"
LAYER_LOCKS = tuple(ROOT / "layers" / name / "requirements.txt" for name in ("common", "encoder"))

# what Lambda's Amazon Linux 2023 loads (glibc 2.34), newest first
_WHEELS = ("manylinux_2_34", "manylinux_2_28", "manylinux_2_17", "manylinux2014")
_PROCESSORS = {"arm64": "aarch64", "x86_64": "x86_64"}


class CannotBuild(Exception):
    """Something is missing or wrong; one line that says what and what to do."""


def main(arguments: list[str]) -> int:
    """See the module. Exit code 1 and one line on stderr when it cannot be done."""
    try:
        with _alone():
            if arguments == ["lint"]:
                lint()
            elif arguments in ([], ["here"]):
                begun = time.monotonic()
                folder = build(HERE, processor()) if arguments else build(DEPLOYABLE)
                print(f"built in {time.monotonic() - begun:.1f} s: {folder.relative_to(ROOT)}")
                for name, size in sizes(folder).items():
                    print(
                        f"  {name:<9} {size / 1e6:7.2f} MB" if name in LAYERS else f"  {name:<9} {size / 1e3:7.1f} KB"
                    )
            else:
                print("usage: python -m local.build [here | lint]", file=sys.stderr)
                return 2
    except CannotBuild as error:
        print(f"make build: {error}", file=sys.stderr)
        return 1
    return 0


# ------------------------------------------------------------------------------------------------------ the steps


def lint() -> None:
    """SAM CLI reads the template and cfn-lint its translation. Raises CannotBuild with what they say."""
    _run([str(sam()), "validate", "--lint", "--template", "template.yaml"], _environment(), "sam validate --lint")
    print("template.yaml: sam validate --lint finds nothing")


def build(folder: Path, architecture: str = "") -> Path:
    """Functions and layer as they are deployed, with compiled files. Raises CannotBuild.

    Args:
        architecture: arm64 or x86_64; the template's default if empty.
    """
    tool, python = sam(), runtime_python()
    own_path = {"PATH": f"{python.parent}{os.pathsep}{os.environ.get('PATH', '')}"}  # where SAM CLI finds python3.13
    offline = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(_wheels(python))}
    chosen = ["--parameter-overrides", f"Architecture={architecture}"] if architecture else []
    arguments = ["build", "--cached", "--parallel", "--template", "template.yaml"]
    places = ["--build-dir", str(folder), "--cache-dir", str(BUILT / "cache")]
    _run([str(tool), *arguments, *places, *chosen], _environment() | own_path | offline, "sam build")
    _compile(folder, python)
    return folder


def sizes(folder: Path) -> dict[str, int]:
    """Bytes of the layers and of each function's own code, unzipped, compiled files included."""
    return {
        part.name: sum(file.stat().st_size for file in part.rglob("*") if file.is_file())
        for part in sorted(folder.iterdir())
        if part.is_dir()
    }


def processor() -> str:
    """This machine's processor as Lambda calls it. Raises CannotBuild for one that Lambda does not have."""
    machine = platform.machine().lower()
    for name, wheel in _PROCESSORS.items():
        if machine in (name, wheel, "amd64" if name == "x86_64" else name):
            return name
    raise CannotBuild(f"Lambda has no {machine} processors; the deployable `make build` works all the same")


def _compile(folder: Path, python: Path) -> None:
    """Compiled files for this very Python: the layer is read-only on AWS, and compiling at each cold start costs most.

    Unchecked: nobody looks at the source's time, which zipping changes. Paths in tracebacks are those on AWS.
    """
    for part in (part for part in folder.iterdir() if part.is_dir()):
        lies = "/opt" if part.name in LAYERS else "/var/task"
        options = ["-q", "-f", "--invalidation-mode", "unchecked-hash", "-s", str(part), "-p", lies]
        _run([str(python), "-m", "compileall", *options, str(part)], _environment(), "compileall")


def _wheels(python: Path) -> Path:
    """A folder with the locked wheels for both of Lambda's processors and for this machine, hashes checked."""
    given = b"".join(lock.read_bytes() for lock in LAYER_LOCKS) + f"{platform.platform()} {_WHEELS}".encode()
    folder = BUILT / "wheels" / sha256(given).hexdigest()[:16]
    if folder.is_dir():
        return folder
    half = folder.with_suffix(".part")
    shutil.rmtree(folder.parent, ignore_errors=True)
    half.mkdir(parents=True)
    pip = [str(python), "-m", "pip", "download", "--quiet", "--require-hashes", "--no-deps", "--only-binary=:all:"]
    asked = [*pip, "--dest", str(half), *(word for lock in LAYER_LOCKS for word in ("--requirement", str(lock)))]
    abi = ["--python-version", RUNTIME, "--implementation", "cp", "--abi", f"cp{RUNTIME.replace('.', '')}"]
    runs: list[list[str]] = [[]]  # as SAM CLI first looks: for the machine it runs on
    for wheel in _PROCESSORS.values():
        runs.append([*abi, *(word for name in _WHEELS for word in ("--platform", f"{name}_{wheel}"))])
    for options in runs:
        _run([*asked, *options], _environment(), "pip download")
    half.rename(folder)
    return folder


# ------------------------------------------------------------------------------------------------------- the tools


def sam() -> Path:
    """SAM CLI, installed if need be. Raises CannotBuild."""
    return _room(SAM, ROOT / "requirements-sam.lock", lambda_runtime=False) / "bin" / "sam"


def runtime_python() -> Path:
    """The Python of Lambda's runtime here: 3.13 with boto3 and awslambdaric. Raises CannotBuild."""
    return _room(LAMBDA, ROOT / "requirements-lambda.lock", lambda_runtime=True) / "bin" / "python3.13"


def emulator() -> Path:
    """The Lambda Runtime Interface Emulator that SAM CLI brings. Raises CannotBuild where it cannot run."""
    if platform.system() != "Linux":
        raise CannotBuild("the Runtime Interface Emulator runs on Linux only")
    sam()
    found = next(SAM.glob(f"lib/python3.*/site-packages/samcli/local/rapid/aws-lambda-rie-{processor()}"), None)
    if found is None:
        raise CannotBuild("this SAM CLI brings no Runtime Interface Emulator; see requirements-sam.in")
    return found


def candidates(environ: Mapping[str, str] = os.environ) -> Iterator[str]:
    """Commands that may be a Python 3.13. One on the PATH may be a shim that answers nothing, so each is to be run."""
    yield f"python{RUNTIME}"
    if Path(sys.executable).name:
        yield sys.executable
    home = Path(environ.get("HOME", str(Path.home())))
    roots = [Path(environ["PYENV_ROOT"])] if environ.get("PYENV_ROOT") else []
    roots += [home / ".pyenv"]
    for place, pattern in (
        *((root / "versions", f"{RUNTIME}.*") for root in roots),
        (home / ".local/share/uv/python", f"cpython-{RUNTIME}.*"),
        (Path("/opt/homebrew/opt"), f"python@{RUNTIME}"),
    ):
        for folder in sorted(place.glob(pattern), reverse=True):
            yield str(folder / "bin" / f"python{RUNTIME}")


def answers(command: str) -> bool:
    """Whether it runs, is that Python, and can make an environment."""
    asked = f"import sys, venv, ensurepip; sys.exit(sys.version_info[:2] != ({RUNTIME.replace('.', ', ')}))"
    try:
        return not subprocess.run([command, "-c", asked], capture_output=True, timeout=30, check=False).returncode
    except (OSError, subprocess.TimeoutExpired):
        return False


def _room(place: Path, lock: Path, *, lambda_runtime: bool) -> Path:
    """An environment with what a lock names; the stamp is written last, so what was left half-way is made anew."""
    stamp, wanted = place / ".installed", sha256(lock.read_bytes()).hexdigest()
    if stamp.is_file() and stamp.read_text() == wanted:
        return place
    if lambda_runtime:
        python = next((command for command in candidates() if answers(command)), None)
        if python is None:
            raise CannotBuild(
                f"no Python {RUNTIME} that runs, and Lambda's functions are built with that one; install it "
                f"(`pyenv install {RUNTIME}`, `uv python install {RUNTIME}`, or your system's package)"
            )
    else:
        python = sys.executable
    print(f"making {place.name} from {lock.name}", flush=True)
    shutil.rmtree(place, ignore_errors=True)
    if python == sys.executable:
        venv.create(place, with_pip=True, symlinks=True)
    else:
        _run([python, "-m", "venv", str(place)], dict(os.environ), "venv")
    pip = [str(place / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    _run([*pip, "--require-hashes", "--no-deps", "--requirement", str(lock)], dict(os.environ), f"pip, {lock.name}")
    stamp.write_text(wanted)
    return place


def _environment() -> dict[str, str]:
    """No telemetry, no account: nothing here needs one."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "SAM_"))}
    return kept | {
        "SAM_CLI_TELEMETRY": "0",
        "SAM_CLI_POLL_CLOUDFORMATION_STATES": "0",
        "AWS_DEFAULT_REGION": REGION,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "PYTHONPATH": "",
    }


def _run(command: Sequence[str], environment: Mapping[str, str], what: str) -> None:
    """Quiet if it goes well. Raises CannotBuild with the end of what it said, and where the whole stands."""
    BUILT.mkdir(exist_ok=True)
    log = BUILT / "build.log"
    with log.open("w") as out:
        done = subprocess.run(
            command, cwd=ROOT, env=dict(environment), stdout=out, stderr=subprocess.STDOUT, check=False
        )
    if done.returncode:
        said = [line for line in log.read_text(errors="replace").splitlines() if line.strip()]
        end = "\n  ".join(line for line in said[-12:] if "is ignored: it is neither" not in line)
        raise CannotBuild(f"{what} failed (whole log: {log.relative_to(ROOT)})\n  {end}")


@contextmanager
def _alone() -> Iterator[None]:
    """One build at a time: they share folders."""
    BUILT.mkdir(exist_ok=True)
    with (BUILT / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
