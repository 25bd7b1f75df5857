"""template.yaml as it is written, and with its loops expanded; intrinsic functions in their long form."""

from pathlib import Path
from typing import Any

from samcli.lib.cfn_language_extensions.sam_integration import expand_language_extensions
from samcli.yamlhelper import yaml_parse

ROOT = Path(__file__).resolve().parents[2]

WRITTEN: dict[str, Any] = yaml_parse((ROOT / "template.yaml").read_text())
TEMPLATE: dict[str, Any] = expand_language_extensions(WRITTEN, enabled=True).expanded_template
RESOURCES: dict[str, Any] = TEMPLATE["Resources"]
FUNCTIONS: dict[str, Any] = {
    name: resource["Properties"] for name, resource in RESOURCES.items() if resource["Type"] == "AWS::Serverless::Function"
}
