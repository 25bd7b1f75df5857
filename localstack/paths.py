"""Where things are. Everything that is made here lies under `.local/`."""

from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TEMPLATE = ROOT / "template.yaml"
OPERATIONS = ROOT / "operations.yaml"  # nested in it
LOCAL = ROOT / ".local"
CACHE = LOCAL / "cache"
BUILDS = LOCAL / "build"
EMBEDDED = ROOT / "localstack" / "embedded"  # on the path of every process of the embedded emulator
EMULATOR_PYTHON = LOCAL / "emulator" / "bin" / "python"
