"""Diagnostics: what flowc tells a person about a file, and the two forms it is printed in (text and JSON)."""

from flowc.diagnostics.model import Code, Diagnostic, Diagnostics, Edit, Fix, Label, Severity, register, registered

__all__ = ["Code", "Diagnostic", "Diagnostics", "Edit", "Fix", "Label", "Severity", "register", "registered"]
