"""Diagnostics: what flowc tells a person about a file, and the forms it is printed in."""

from flowc.diagnostics.model import Code, Diagnostic, Diagnostics, Edit, Fix, Label, Severity, register, registered

__all__ = ["Code", "Diagnostic", "Diagnostics", "Edit", "Fix", "Label", "Severity", "register", "registered"]
