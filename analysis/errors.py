"""Errors and warnings of this package; the first of each catches them all.

AnalysisError
    ExportError             an export is not what `study_app.columns` describes
    PopulationError         an export holds none of the participants asked for
    MissingColumnError      a table lacks a column
    BaselineError           there is no baseline to divide by
    ConditionsError         there are not conditions enough to compare
    DesignError             a table lacks what a test needs, or has rows that it cannot take
    UnpairedSessionsError   an arm or a participant lacks a session, or has one twice
    FlowError               the counts of a flow do not add up
    ResultsError            a results folder may not be written
    ConvergenceError        a model's fit does not come to an end
    PublishedTableError     a published table cannot be read or checked
    PlanError               a plan cannot be followed
    MergeError              exports are not of one study
    HistoricalError         an earlier study's arms cannot be shown

AnalysisWarning
    AlteredFileWarning        a table was changed after its export
    DuplicateWarning          participants are in several exports, or in a pilot
    ClockWarning              a browser's times cannot be, by the server's
    CounterWarning            a participant's counters disagree with the answers
    NoComparisonWarning       conditions cannot be compared, and their table stays empty
    SmallArmWarning           too few participants for an interval
    ZeroVarianceWarning       all participants of an arm score the same
    UnboundedIntervalWarning  the data are too uncertain to bound a ratio
    CeilingWarning            the baseline leaves nothing to gain
    EmptyConditionWarning     a condition has nobody left
    UnpairedRowsWarning       a paired test leaves participants out
    SeparationWarning         answers of an arm are all right, or all wrong
"""


class AnalysisError(ValueError):
    """Something cannot be analysed, and the message says why."""


class ExportError(AnalysisError):
    """An export is not what `study_app.columns` describes."""


class PopulationError(AnalysisError):
    """An export holds none of the participants asked for."""


class MissingColumnError(AnalysisError):
    """A table lacks a column."""


class BaselineError(AnalysisError):
    """There is no baseline to divide by."""


class ConditionsError(AnalysisError):
    """There are not conditions enough to compare."""


class DesignError(AnalysisError):
    """A table lacks what a test needs, or has rows that it cannot take."""


class UnpairedSessionsError(AnalysisError):
    """An arm or a participant lacks a session, or has one twice."""


class FlowError(AnalysisError):
    """The counts of a flow do not add up."""


class ResultsError(AnalysisError):
    """A results folder may not be written."""


class ConvergenceError(AnalysisError):
    """A model's fit does not come to an end."""


class PublishedTableError(AnalysisError):
    """A published table cannot be read or checked."""


class PlanError(AnalysisError):
    """A plan cannot be followed."""


class MergeError(AnalysisError):
    """Exports are not of one study."""


class HistoricalError(AnalysisError):
    """An earlier study's arms cannot be shown."""


class AnalysisWarning(UserWarning):
    """A result is usable, but less than one would wish."""


class AlteredFileWarning(AnalysisWarning):
    """A table was changed after its export."""


class DuplicateWarning(AnalysisWarning):
    """Participants are in several exports, or in a pilot."""


class ClockWarning(AnalysisWarning):
    """A browser's times cannot be, by the server's clock."""


class CounterWarning(AnalysisWarning):
    """A participant's counters disagree with the answers."""


class NoComparisonWarning(AnalysisWarning):
    """Conditions cannot be compared, and their table stays empty."""


class SmallArmWarning(AnalysisWarning):
    """An arm has too few participants for an interval."""


class ZeroVarianceWarning(AnalysisWarning):
    """All participants of an arm score the same."""


class UnboundedIntervalWarning(AnalysisWarning):
    """The data are too uncertain to bound a ratio."""


class CeilingWarning(AnalysisWarning):
    """The baseline leaves nothing to gain."""


class SeparationWarning(AnalysisWarning):
    """Answers of an arm are all right, or all wrong."""


class EmptyConditionWarning(AnalysisWarning):
    """A condition has nobody left."""


class UnpairedRowsWarning(AnalysisWarning):
    """A paired test leaves participants out."""
