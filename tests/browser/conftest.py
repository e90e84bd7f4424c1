"""Tests that look at pages in a real browser."""

from tests.support.browser import chromium

__all__ = ["chromium"]
