"""Templates as a check reads them: parsed and compiled once, with the names they ask; then with every branch open."""

from collections.abc import Collection, Mapping

from jinja2 import nodes
from jinja2.compiler import CodeGenerator, Frame
from jinja2.idtracking import VAR_LOAD_RESOLVE
from jinja2.visitor import NodeTransformer

from channels.rendering import (
    COMPILED,
    Addressee,
    AnnouncedTerm,
    MissingReturn,
    OpenDebt,
    OpenDivergence,
    PastAgreement,
    PastDefence,
    Words,
)
from models.assets import Texts
from models.money.offered import Offered, OfferedModality
from models.ruler.schema import Contact


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


PARTS: Mapping[str, Collection[str]] = {
    "contact": Contact.model_fields,
    "taxpayer": Addressee.model_fields,
    "term": AnnouncedTerm.model_fields,
    "agreement": PastAgreement.model_fields,
    "defence": PastDefence.model_fields,
    "offer": Offered.model_fields,
}
ITEMS: Mapping[str, Collection[str]] = {
    "debt": OpenDebt.model_fields,
    "missing": MissingReturn.model_fields,
    "divergence": OpenDivergence.model_fields,
    "modality": OfferedModality.model_fields,
    "loop": ("first", "last", "index", "length"),
}


def reads_plainly(tree: nodes.Template, words: Words) -> bool:
    """Whether a template reads nothing but fields of a letter's own parts, by filters and tests that there are, so that
    none can be missing in whatever branch: then it needs no reading of every branch."""
    known = words.filters.keys() | words.tests.keys()
    by_name = all(asked.name in known for asked in tree.find_all((nodes.Filter, nodes.Test)))
    return by_name and all(map(_plain, tree.find_all((nodes.Getattr, nodes.Getitem, nodes.Call))))


def _plain(read: nodes.Node) -> bool:
    if isinstance(read, nodes.Call):  # the words of a parent's block, or of another of its own
        called = read.node
        return called == nodes.Name("super", "load") or isinstance(called, nodes.Getattr)
    if not isinstance(read, nodes.Getattr) or not isinstance(read.node, nodes.Name):
        return False
    of = read.node.name
    return of == "self" or read.attr in (PARTS.get(of) or ITEMS.get(of) or ())


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
