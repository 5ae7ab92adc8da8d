"""The product's own pages: whatever a taxpayer or an analyst wrote is escaped in them, and no unknown name passes.

They belong to the code that fills them, as messages belong to the ruler they were frozen with: a running process knows
each as it was when it first showed it.
"""

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

TEMPLATES = Path(__file__).parent.parent / "templates"


def markup(folder: str) -> Environment:
    """The templates of a folder of `templates/`."""
    return Environment(
        loader=FileSystemLoader(TEMPLATES / folder),
        autoescape=True,
        auto_reload=False,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
