"""Which AWS actions a function's code can come to: read out of the sources, from its handler on.

A definition is reached where something reached names it; a method where its class is reached and its name is called on anything.
Parameters' types narrow that down to the classes that can stand behind them; what is left errs on the side of
reaching too much. What PynamoDB and boto3 are asked for there becomes IAM actions.
What it cannot tell (`save(condition=…)` on something that may or may not be an item) fails, rather than being left out.
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import botocore.session
from botocore import xform_name

ROOT = Path(__file__).resolve().parents[2]

Action = tuple[str, str]  # ("dynamodb:Query", "gsi1"): what on which part; "" is the table, the queue, the secret itself

# PynamoDB's calls, by what they are called on.
ON_MODEL = {
    "get": "GetItem",
    "query": "Query",
    "count": "Query",
    "scan": "Scan",
    "batch_get": "BatchGetItem",
    "batch_write": "BatchWriteItem",
}
ON_ITEM = {"save": "PutItem", "delete": "DeleteItem", "update": "UpdateItem", "refresh": "GetItem"}
IN_TRANSACTION = {"save": "PutItem", "delete": "DeleteItem", "update": "UpdateItem", "condition_check": "ConditionCheckItem"}
# Where IAM has another name than the API (the service authorization reference), or two operations one action.
IAM = {
    "sqs:SendMessageBatch": "sqs:SendMessage",
    "s3:ListObjectsV2": "s3:ListBucket",
    "s3:HeadObject": "s3:GetObject",
    "ses:SendEmail": "ses:SendRawEmail",
    "apigatewaymanagementapi:PostToConnection": "execute-api:ManageConnections",
    "apigatewaymanagementapi:DeleteConnection": "execute-api:ManageConnections",
}
SERVICES = ("s3", "sqs", "ses", "events", "secretsmanager", "apigatewaymanagementapi")


@cache
def _boto3_calls() -> dict[str, str]:
    """IAM actions by the name of a client's method, of the services beside DynamoDB."""
    session = botocore.session.get_session()
    found = {
        xform_name(operation): f"{service}:{operation}"
        for service in SERVICES
        for operation in session.get_service_model(service).operation_names
    }
    return {name: IAM.get(action, action) for name, action in found.items()} | {"get_secret": "secretsmanager:GetSecretValue"}


@cache
def _dynamodb_calls() -> dict[str, str]:
    operations = botocore.session.get_session().get_service_model("dynamodb").operation_names
    return {xform_name(operation): f"dynamodb:{operation}" for operation in operations}


class Unclear(Exception):
    """A call that may write to a table, on something of which the sources do not say what it is."""


Definition = ast.FunctionDef | ast.ClassDef


@dataclass(eq=False)
class Module:
    name: str
    tree: ast.Module
    definitions: dict[str, Definition] = field(default_factory=dict)
    values: dict[str, ast.expr] = field(default_factory=dict)  # of names assigned at its top
    imports: dict[str, str] = field(default_factory=dict)  # what a name is, dotted

    @classmethod
    @cache
    def read(cls, name: str) -> "Module | None":
        path = ROOT.joinpath(*name.split("."))
        path = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
        if name.split(".")[0] not in ("functions", "shared") or not path.exists():
            return None
        module = cls(name, ast.parse(path.read_text(), path))
        for node in module.tree.body:
            if isinstance(node, Definition):
                module.definitions[node.name] = node
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
                module.values[node.targets[0].id] = node.value
        for each in ast.walk(module.tree):
            if isinstance(each, ast.ImportFrom) and each.module:
                module.imports |= {alias.asname or alias.name: f"{each.module}.{alias.name}" for alias in each.names}
            if isinstance(each, ast.Import):
                module.imports |= {alias.name: alias.name for alias in each.names}
        return module

    @property
    def has_boto3(self) -> bool:
        """Whether clients of AWS are made or used here (typed as mypy_boto3's, or Powertools' parameters)."""
        return any("boto3" in name or "utilities.parameters" in name for name in self.imports.values())

    def find(self, name: str) -> "tuple[Module, Definition] | Module | None":
        """What a name stands for here: a definition of ours, a module of ours, or something else."""
        if name in self.definitions:
            return self, self.definitions[name]
        if name not in self.imports:
            return None
        dotted = self.imports[name]
        if module := Module.read(dotted):
            return module
        home = Module.read(dotted.rpartition(".")[0])
        return home.find(dotted.rpartition(".")[2]) if home else None


def bases(module: Module, node: ast.ClassDef) -> Iterator[tuple[Module, ast.ClassDef]]:
    """The class and those of ours that it inherits from."""
    yield module, node
    for base in node.bases:
        name = base.value if isinstance(base, ast.Subscript) else base
        found = module.find(name.id) if isinstance(name, ast.Name) else None
        if isinstance(found, tuple) and isinstance(found[1], ast.ClassDef):
            yield from bases(found[0], found[1])


@cache
def is_item(module: Module, node: Definition) -> bool:
    return isinstance(node, ast.ClassDef) and any(
        home.name == "shared.table" and each.name == "Item" for home, each in bases(module, node)
    )


def _is_route(decorator: ast.expr) -> bool:
    """`@app.post("/orders")`: hands the function to something that will call it."""
    return isinstance(decorator, ast.Call) and isinstance(decorator.func, ast.Attribute)


@dataclass(frozen=True)
class Called:
    name: str
    port: frozenset[str]  # the methods that whatever it is called on has, as far as its type says
    method: bool  # whether it is called or handed on, rather than looked at
    given: int = 99  # arguments at most


@cache
def methods(module: Module, cls: ast.ClassDef) -> frozenset[str]:
    return frozenset(each.name for _, base in bases(module, cls) for each in base.body if isinstance(each, ast.FunctionDef))


def _given(call: ast.Call) -> int:
    """The arguments of a call at most: a starred one may be any number."""
    starred = any(isinstance(each, ast.Starred) for each in call.args) or any(each.arg is None for each in call.keywords)
    return 99 if starred else len(call.args) + len(call.keywords)


def _needed(function: ast.FunctionDef) -> int:
    """The arguments that a method cannot do without, beside itself."""
    taken = function.args
    without = len(taken.defaults) + sum(default is not None for default in taken.kw_defaults) + 1
    return len(taken.posonlyargs) + len(taken.args) + len(taken.kwonlyargs) - without


class Reach:
    """What a handler can come to."""

    def __init__(self, handler: str) -> None:
        self.bodies: dict[int, tuple[Module, ast.ClassDef | None, ast.AST]] = {}
        self._modules: set[str] = set()
        self._classes: dict[int, tuple[Module, ast.ClassDef]] = {}
        self._called: set[Called] = set()
        self._waiting: list[tuple[Module, ast.ClassDef | None, ast.AST]] = []
        name, _, entry = handler.rpartition(".")
        self._load(name)
        module = Module.read(name)
        assert module
        if entry in module.definitions:
            self._add(module, None, module.definitions[entry])
        while self._waiting:
            self._read(*self._waiting.pop())

    def _load(self, name: str) -> None:
        module = Module.read(name)
        if module is None or name in self._modules:
            return
        self._modules.add(name)
        for node in module.tree.body:
            if not isinstance(node, Definition) or (
                isinstance(node, ast.FunctionDef) and any(_is_route(each) for each in node.decorator_list)
            ):
                self._add(module, None, node)
        for node in ast.walk(module.tree):
            if isinstance(node, ast.ImportFrom) and node.module:
                for dotted in [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]:
                    self._load(dotted)

    def _add(self, module: Module, owner: ast.ClassDef | None, node: ast.AST) -> None:
        if id(node) not in self.bodies:
            self.bodies[id(node)] = (module, owner, node)
            self._waiting.append((module, owner, node))

    def _read(self, module: Module, owner: ast.ClassDef | None, node: ast.AST) -> None:
        if (isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING") or isinstance(node, ast.ImportFrom):
            return
        body = Calls(module, owner, node)
        handed = {id(each.func): _given(each) for each in ast.walk(node) if isinstance(each, ast.Call)}
        handed |= {
            id(each.args[0]): 99 for each in ast.walk(node) if isinstance(each, ast.Call) and ast.unparse(each.func) == "partial"
        }
        for each in ast.walk(node):
            match each:
                case ast.Name(id=name):
                    self._name(module, name)
                case ast.Attribute(value=ast.Name(id=name), attr=attribute) if isinstance(home := module.find(name), Module):
                    self._found(home.find(attribute))
                case ast.Attribute(value=ast.Name(id="self" | "cls"), attr=attribute) if owner is not None:
                    self._call(Called(attribute, methods(module, owner), method=True))
                case ast.Attribute(value=ast.Name(id=name), attr=attribute) if isinstance(cls := module.find(name), tuple):
                    self._member(*cls, attribute)
                case ast.Attribute(value=value, attr=attribute) if not body.is_pynamodb(value, attribute):
                    self._call(Called(attribute, body.port(value), id(each) in handed, handed.get(id(each), 99)))

    def _member(self, module: Module, cls: Definition, name: str) -> None:
        for home, each in bases(module, cls) if isinstance(cls, ast.ClassDef) else ():
            for member in each.body:
                if isinstance(member, ast.FunctionDef) and member.name == name:
                    self._add(home, each, member)

    def _call(self, called: "Called") -> None:
        if called not in self._called:
            self._called.add(called)
            for home, cls in list(self._classes.values()):
                self._methods(home, cls, {called})

    def _name(self, module: Module, name: str) -> None:
        found = module.find(name)
        if not isinstance(found, Module):
            self._found(found)

    def _found(self, found: "tuple[Module, Definition] | Module | None") -> None:
        match found:
            case (module, ast.FunctionDef() as function):
                self._add(module, None, function)
            case (module, ast.ClassDef() as cls):
                for home, each in bases(module, cls):
                    if id(each) not in self._classes:
                        self._classes[id(each)] = (home, each)
                        self._methods(home, each, self._called)

    def _methods(self, module: Module, cls: ast.ClassDef, called: "set[Called]") -> None:
        has = methods(module, cls)
        fitting = [each for each in called if each.port <= has]
        for member in cls.body:
            if isinstance(member, ast.FunctionDef):
                is_property = any("property" in ast.unparse(each) for each in member.decorator_list)
                named = [each for each in fitting if each.name == member.name]
                if member.name.startswith("__") or any(
                    is_property or (each.method and each.given >= _needed(member)) for each in named
                ):
                    self._add(module, cls, member)
            else:
                self._add(module, cls, member)


def actions(handler: str) -> set[Action]:
    """Every action that the code behind `functions.<context>.<module>.<name>` can ask AWS for."""
    return {action for module, owner, node in Reach(handler).bodies.values() for action in Calls(module, owner, node).actions()}


def _methods_of(module: Module, annotation: ast.expr) -> frozenset[str]:
    match annotation:
        case ast.Constant(value=str(written)):
            return _methods_of(module, ast.parse(written, mode="eval").body)
        case ast.BinOp(left=left, right=ast.Constant(value=None)):
            return _methods_of(module, left)
        case ast.Subscript(value=ast.Name(id="Annotated"), slice=ast.Tuple(elts=[kind, *_])):
            return _methods_of(module, kind)
        case ast.Name(id=name) if name in module.values:
            return _methods_of(module, module.values[name])
        case ast.Name(id=name):
            found = module.find(name)
            if isinstance(found, tuple) and isinstance(found[1], ast.ClassDef):
                return methods(found[0], found[1])
    return frozenset()


class Calls:
    """The calls of one body."""

    def __init__(self, module: Module, owner: ast.ClassDef | None, node: ast.AST) -> None:
        self._module, self._node = module, node
        self._kinds: dict[str, str] = {}
        self._types: dict[str, ast.expr] = {}
        if owner is not None and is_item(module, owner):
            self._kinds |= {"self": "item", "cls": "model"}
        for each in ast.walk(node):
            match each:
                case ast.arg(arg=name, annotation=annotation):
                    if annotation is not None:
                        self._types[name] = annotation
                    self._note(name, self._annotated(annotation) or {"transaction": "transaction"}.get(name))
                case ast.Assign(targets=[ast.Name(id=name)], value=value) | ast.AnnAssign(target=ast.Name(id=name), value=value):
                    self._note(name, self._kind(value))
                case ast.For(target=ast.Name(id=name), iter=value) | ast.comprehension(target=ast.Name(id=name), iter=value):
                    self._note(name, self._kind(value))
                case ast.withitem(context_expr=value, optional_vars=ast.Name(id=name)):
                    called = ast.unparse(value)
                    self._note(name, "batch" if "batch_write" in called else "transaction" if "TransactWrite" in called else None)

    def _note(self, name: str, kind: str | None) -> None:
        if kind:
            self._kinds[name] = kind

    def _annotated(self, annotation: ast.expr | None) -> str | None:
        written = ast.unparse(annotation) if annotation else ""
        if "TransactWrite" in written:
            return "transaction"
        if "BatchWrite" in written:
            return "batch"
        names = [each.id for each in ast.walk(annotation) if isinstance(each, ast.Name)] if annotation else []
        if any(self._is_model(name) for name in names):
            return "model" if written.startswith("type[") else "item"
        return None

    def port(self, value: ast.expr) -> frozenset[str]:
        """The methods of what a parameter is said to be: a port that classes stand behind. Empty where nothing is said."""
        annotation = self._types.get(value.id) if isinstance(value, ast.Name) else None
        return _methods_of(self._module, annotation) if annotation is not None else frozenset()

    def is_pynamodb(self, value: ast.expr, method: str) -> bool:
        calls = {
            "transaction": IN_TRANSACTION,
            "batch": IN_TRANSACTION,
            "model": ON_MODEL,
            "gsi1": ON_MODEL,
            "gsi2": ON_MODEL,
            "item": ON_ITEM,
        }
        kind = self._kind(value) or ""
        return kind == "attribute" or method in calls.get(kind, ())

    def _is_model(self, name: str) -> bool:
        found = self._module.find(name)
        bound = self._module.values.get(name)  # M = TypeVar("M", bound=Item)
        if isinstance(bound, ast.Call) and ast.unparse(bound.func) == "TypeVar":
            return any(each.arg == "bound" and "Item" in ast.unparse(each.value) for each in bound.keywords)
        return isinstance(found, tuple) and is_item(*found)

    def _kind(self, node: ast.expr | None) -> str | None:
        match node:
            case ast.Name(id=name):
                return self._kinds.get(name) or ("model" if self._is_model(name) else None)
            case ast.Attribute(value=value, attr="gsi1" | "gsi2" as index) if self._kind(value) == "model":
                return index
            case ast.Attribute(value=value) if self._kind(value) == "model":
                return "attribute"  # `UserItem.name`, of which an expression is made
            case ast.Call(func=ast.Name(id="list" | "iter" | "page" | "cast" | "reversed" | "sorted"), args=args):
                return self._kind(args[-1])
            case ast.Call(func=ast.Name(id=name) as function):
                if self._kind(function) == "model":
                    return "item"
                found = self._module.find(name)
                returned = found[1].returns if isinstance(found, tuple) and isinstance(found[1], ast.FunctionDef) else None
                return Calls(found[0], None, ast.Pass())._annotated(returned) if isinstance(found, tuple) else None
            case ast.Call(func=ast.Attribute(value=value)):
                return "item" if self._kind(value) in ("model", "gsi1", "gsi2") else None
            case ast.List(elts=elements) | ast.Tuple(elts=elements):
                return next((kind for each in elements if (kind := self._kind(each))), None)
            case ast.IfExp(body=body, orelse=other):
                return self._kind(body) or self._kind(other)
        return None

    def actions(self) -> Iterator[Action]:
        for node in ast.walk(self._node):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                yield from self._action(node, node.func.value, node.func.attr)

    def _action(self, call: ast.Call, target: ast.expr, method: str) -> Iterator[Action]:
        kind = self._kind(target)
        given = {keyword.arg for keyword in call.keywords}
        if kind == "transaction" and method in IN_TRANSACTION:
            yield f"dynamodb:{IN_TRANSACTION[method]}", ""
        elif kind == "model" and method in ON_MODEL:
            yield f"dynamodb:{ON_MODEL[method]}", ""
        elif kind in ("gsi1", "gsi2") and method in ON_MODEL:
            yield f"dynamodb:{ON_MODEL[method]}", kind
        elif kind == "item" and method in ON_ITEM:
            yield f"dynamodb:{ON_ITEM[method]}", ""
        elif kind != "batch" and method in ON_ITEM and given & {"condition", "actions"}:
            raise Unclear(f"{self._module.name}:{call.lineno}: what is {ast.unparse(target)}? Annotate it, or build it here.")
        elif method in _boto3_calls() and self._module.has_boto3:
            yield _boto3_calls()[method], ""
        elif method == "generate_presigned_url" and isinstance(call.args[0], ast.Constant):
            yield _boto3_calls()[call.args[0].value], ""
        elif method in _dynamodb_calls() and (ast.unparse(target) in ("client", "_client()") or given & {"TableName", "Key"}):
            yield _dynamodb_calls()[method], ""
