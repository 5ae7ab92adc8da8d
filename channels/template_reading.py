"""Templates as a check reads them: parsed and compiled once, with the names they ask; then with every branch open."""

from jinja2 import nodes
from jinja2.compiler import CodeGenerator, Frame
from jinja2.idtracking import VAR_LOAD_RESOLVE
from jinja2.visitor import NodeTransformer

from channels.rendering import COMPILED, Words
from models.assets import Texts


class _Noting(CodeGenerator):
    """Compiles a template, and notes the names that it asks a message for itself (as `jinja2.meta` would by compiling
    it again)."""

    def enter_frame(self, frame: Frame) -> None:
        super().enter_frame(frame)
        if isinstance(self.environment, ReadWords) and self.name is not None:
            asked = (name for action, name in frame.symbols.loads.values() if action == VAR_LOAD_RESOLVE and name)
            self.environment.asked.setdefault(self.name, set()).update(asked)


class ReadWords(Words):
    """Templates that are read as they are compiled: parsed once for both."""

    code_generator_class = _Noting

    def __init__(self, texts: Texts) -> None:
        super().__init__(texts)
        self.asked: dict[str, set[str]] = {}

    def read(self, name: str, file: str, source: str) -> nodes.Template:
        """Parse and compile a template, kept for whoever renders it. Raises TemplateSyntaxError."""
        tree = self.parse(source, name, file)
        bucket = COMPILED.get_bucket(self, name, file, source)
        bucket.code = self.compile(tree, name, file)
        COMPILED.set_bucket(bucket)
        return tree


class EveryBranch(Words):
    """Renders every branch of every condition, so that one letter meets each name a template uses."""

    def __init__(self, texts: Texts) -> None:
        super().__init__(texts)
        self.bytecode_cache = None
        self.trees: dict[str, nodes.Template] = {}
        """As parsed already, by name. Each is changed here, and nobody else's any more."""

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        parsed = self.trees.pop(name) if name in self.trees else super()._parse(source, name, filename)
        tree: nodes.Template = _Unfold().visit(parsed)
        return tree


class _Unfold(NodeTransformer):
    def visit_If(self, node: nodes.If) -> list[nodes.Node]:
        self.generic_visit(node)
        asked = nodes.If(node.test, [], [], [], lineno=node.lineno)
        return [asked, *node.body, *node.elif_, *node.else_]

    def visit_For(self, node: nodes.For) -> list[nodes.Node]:
        self.generic_visit(node)
        otherwise, node.else_ = node.else_, []
        return [node, *otherwise]

    def visit_CondExpr(self, node: nodes.CondExpr) -> nodes.Node:
        self.generic_visit(node)
        both = [node.test, node.expr1, *([node.expr2] if node.expr2 else [])]
        return nodes.Concat(both, lineno=node.lineno)
