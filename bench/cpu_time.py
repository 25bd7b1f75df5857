"""The CPU time of an operation (`cpu.py` measures it)."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Cpu:
    operation: str
    milliseconds: float
    ratio: float | None  # to bare botocore; None without calls of DynamoDB
