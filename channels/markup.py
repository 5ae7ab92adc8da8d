"""HTML from templates: whatever a taxpayer or an analyst wrote is escaped, and no unknown name passes."""

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from channels.rendering import TEMPLATES


def markup(folder: str = "") -> Environment:
    """The templates of a folder of `templates/`."""
    return Environment(
        loader=FileSystemLoader(TEMPLATES / folder),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
