"""Query: what somebody typed or pasted, to what is looked for. Text only, no index is asked.

`names` finds identifiers in every spelling, `places` finds paths and stack frames, `speech` knows the
function words of other languages, `headline` finds what a long question begins with; `understand` puts
them together.
"""

from rcm.query.places import Place
from rcm.query.understand import Question, understand

__all__ = ["Place", "Question", "understand"]
