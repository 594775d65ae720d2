"""The report of a run, for people and for other tools."""

from ncodec.eval.report.compressai import export_compressai, import_compressai
from ncodec.eval.report.page import write_report
from ncodec.eval.report.text import table

__all__ = ["export_compressai", "import_compressai", "table", "write_report"]
