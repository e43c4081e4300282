"""Test blocks: judged by the ways that their packets go, and told."""
