"""Groups of participants, such as experts and laymen: the study's audience, or a planned question.

An export has them in the column ``group`` where the study named the question that tells them apart.
Where it did not, a plan may: ``[groups]`` with ``question``.
"""

import dataclasses

from analysis.errors import PlanError
from analysis.plan import Plan
from analysis.responses import Export


def with_groups(export: Export, plan: Plan) -> Export:
    """Tell participants apart by the question that a plan names.

    Parameters
    ----------
    export
        Of one population.
    plan
        As from `plan.read_plan`.

    Returns
    -------
    Export
        With ``group`` as replied in participants and responses, missing where nothing was; as it is
        where the plan names no question.

    Raises
    ------
    PlanError
        If nobody replied to the question.
    """
    question = plan.groups.question
    if question is None:
        return export
    replies = export.replies[(export.replies["question"] == question).fillna(False).astype(bool)]
    if replies.empty:
        asked = sorted(export.replies["question"].dropna().unique())
        raise PlanError(f"groups.question must be one with replies, of {asked}; got {question!r}.")
    told = replies.drop_duplicates("participant").set_index("participant")["value"]
    participants, responses = (
        table.assign(group=table["participant"].map(told).astype("string"))
        for table in (export.participants, export.responses)
    )
    return dataclasses.replace(export, participants=participants, responses=responses)
