"""What people read: the plan as a spreadsheet, the year on one screen."""

from inspection.documents.screen import render_summary
from inspection.documents.workbook import write_plan_workbook

__all__ = ["render_summary", "write_plan_workbook"]
