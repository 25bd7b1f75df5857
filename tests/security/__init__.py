"""What looks for holes, beside the tests that look for one each."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
