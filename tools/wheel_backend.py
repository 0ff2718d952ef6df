"""wheel_backend - the build backend of pyproject.toml (PEP 517), without dependencies.

CMake builds and installs; this makes the archive: one abi3 wheel that holds both extensions, the
command, liblabelqa and libduckdb. Its tag is plain linux: Debian's libcurl, libcrypto, sqlite3
and the like are not in it. `make wheel` grafts those in with auditwheel, which then states the
manylinux tag that the glibc symbols in use allow. Archives are reproducible: sorted, one date.
"""
import base64
import hashlib
import os
import re
import subprocess
import sysconfig
import tarfile
import tempfile
import tomllib
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DATE = (1980, 1, 1, 0, 0, 0)
# Part of every Linux that a wheel may expect (the manylinux policies), so never grafted.
EXPECTED = re.compile(r"(linux-vdso|ld-linux|libc\.|libm\.|libdl|libpthread|librt\.|libresolv"
                      r"|libgcc_s|libstdc\+\+)")


def version():
    text = (ROOT / "CMakeLists.txt").read_text()
    return re.search(r"^project\(labelqa VERSION ([\d.]+)", text, re.M).group(1)


def wheel_tag():
    return "cp311-abi3-" + sysconfig.get_platform().replace("-", "_").replace(".", "_")


def metadata():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    lines = ["Metadata-Version: 2.1", f"Name: {project['name']}", f"Version: {version()}",
             f"Summary: {project['description']}", f"License: {project['license']}",
             f"Requires-Python: {project['requires-python']}",
             *(f"Requires-Dist: {name}" for name in project["dependencies"]),
             "Description-Content-Type: text/markdown", "",
             (ROOT / project["readme"]).read_text()]
    scripts = "".join(f"{name} = {where}\n" for name, where in project["scripts"].items())
    wheel = ("Wheel-Version: 1.0\nGenerator: labelqa\nRoot-Is-Purelib: false\n"
             f"Tag: {wheel_tag()}\n")
    return {"METADATA": "\n".join(lines), "WHEEL": wheel, "top_level.txt": "labelqa\n",
            "entry_points.txt": f"[console_scripts]\n{scripts}"}


def licences(tree):
    """{name in the wheel: text}: ours, DuckDB's, and on Debian those of what auditwheel grafts."""
    found = {name: (ROOT / name).read_bytes() for name in ("LICENSE", "NOTICE")}
    duckdb = ROOT / "build" / "deps" / "duckdb" / "LICENSE"
    if duckdb.exists():
        found["LICENSE.duckdb"] = duckdb.read_bytes()
    for binary in (tree / "labelqa" / "_library.abi3.so", tree / "labelqa" / "bin" / "labelqa"):
        linked = subprocess.run(["ldd", binary], capture_output=True, text=True).stdout
        for name, path in re.findall(r"^\s*(\S+) => (/\S+)", linked, re.M):
            if not EXPECTED.match(name) and tree not in Path(path).resolve().parents:
                found |= _debian_licence(path)
    return found


def _debian_licence(library):
    try:
        owner = subprocess.run(["dpkg-query", "-S", os.path.realpath(library)],
                               capture_output=True, text=True).stdout
    except FileNotFoundError:
        return {}
    package = owner.partition(":")[0]
    text = Path("/usr/share/doc") / package / "copyright"
    return {f"third-party/{package}": text.read_bytes()} if package and text.exists() else {}


def install(tree):
    """Builds, then installs the component `python` into `tree`."""
    subprocess.run(["make", "--no-print-directory", "all"], cwd=ROOT, check=True)
    subprocess.run(["cmake", "--install", "build/release", "--component", "python", "--strip",
                    "--prefix", tree], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)


def write_archive(path, tree, extra):
    """A wheel of the files under `tree` and of `extra` ({name: bytes}), and its RECORD."""
    folder = f"labelqa-{version()}.dist-info"
    links = [file for file in tree.rglob("*") if file.is_symlink()]  # a wheel has none: files
    hidden = {file.resolve() for file in links}                      # under the link's name alone
    files = {str(file.relative_to(tree)): file for file in tree.rglob("*")
             if file.is_file() and file not in hidden}
    record = []
    level = int(os.environ.get("LABELQA_WHEEL_COMPRESSION", "6"))
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=level) as archive:
        def add(name, data, mode):
            entry = zipfile.ZipInfo(name, DATE)
            entry.external_attr = (0o100000 | mode) << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, data, compresslevel=level)
            digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
            record.append(f"{name},sha256={digest},{len(data)}")
        for name, file in sorted(files.items()):
            add(name, file.read_bytes(), 0o755 if os.access(file, os.X_OK) else 0o644)
        for name, data in sorted(extra.items()):
            add(f"{folder}/{name}", data.encode() if isinstance(data, str) else data, 0o644)
        lines = "\n".join([*record, f"{folder}/RECORD,,", ""])
        archive.writestr(zipfile.ZipInfo(f"{folder}/RECORD", DATE), lines)


def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    name = f"labelqa-{version()}-{wheel_tag()}.whl"
    with tempfile.TemporaryDirectory() as folder:
        tree = Path(folder).resolve()
        install(tree)
        extra = {**metadata(), **{f"licenses/{k}": v for k, v in licences(tree).items()}}
        write_archive(Path(wheel_directory) / name, tree, extra)
    return name


def build_sdist(sdist_directory, config_settings=None):
    """What git tracks, under labelqa-VERSION/."""
    stem = f"labelqa-{version()}"
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True)
    with tarfile.open(Path(sdist_directory) / f"{stem}.tar.gz", "w:gz") as archive:
        for name in sorted(filter(None, listed.stdout.decode().split("\0"))):
            archive.add(ROOT / name, f"{stem}/{name}", recursive=False)
        info = Path(sdist_directory) / "PKG-INFO"
        info.write_text(metadata()["METADATA"])
        archive.add(info, f"{stem}/PKG-INFO")
        info.unlink()
    return f"{stem}.tar.gz"
