"""The check for copied code finds a copy, and the tree holds none."""

from tests.architecture.duplicates import WINDOW, find_duplicates, read_sources

BLOCK = [f"value_{number} = work(value_{number - 1})" for number in range(1, WINDOW + 1)]


def test_tree_holds_no_copies() -> None:
    assert not find_duplicates(read_sources())


def test_copy_is_found_across_modules_whatever_its_indentation() -> None:
    other = ["def again():", *(f"    {line}  " for line in BLOCK), "    # the end"]
    assert find_duplicates({"one.py": "\n".join(BLOCK), "two.py": "\n".join(other)}) == [("one.py:1", "two.py:2")]


def test_longer_copy_is_told_once() -> None:
    longer = "\n".join([*BLOCK, "one_more = True and work(2)"])
    assert len(find_duplicates({"one.py": longer, "two.py": longer})) == 1


def test_shorter_run_is_no_copy() -> None:
    assert not find_duplicates({"one.py": "\n".join(BLOCK[:-1]), "two.py": "\n".join(BLOCK[:-1])})
