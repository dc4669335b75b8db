"""A list that sorts, filters and pages, its state in the URL. Pure: rows in, one page out, and the links to the others.

`ListState.of` reads the query string against what the list declares, so nothing that a stranger writes there reaches a
page but a known column, a known filter's text and a page number. Templates draw it by the macro `list_table`
(`templates/lists.html`). Lists that a database pages itself use the state and its links alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, Generic, NamedTuple, TypeVar
from urllib.parse import urlencode

R = TypeVar("R")
MAX_FILTER: Final = 100
"""Characters of a filter that count."""
PAGE_ROWS: Final = 50
MAX_PAGE: Final = 100_000


class Column(NamedTuple, Generic[R]):
    """`value` is what a row shows and is filtered by; `order` what it is sorted by, where that is something else."""

    name: str
    label: str
    value: Callable[[R], Any]
    sorts: bool = True
    order: Callable[[R], Any] | None = None


class Filter(NamedTuple):
    """`options`: of a choice, value to words; a text that is looked for when there are none."""

    name: str
    label: str
    options: Mapping[str, str] = {}


@dataclass(frozen=True, slots=True)
class ListState:
    """What the URL says. `path` is the page's own."""

    path: str
    sort: str = ""
    descending: bool = False
    page: int = 1
    filters: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        path: str,
        query: Mapping[str, str],
        columns: Iterable[str],
        filters: Iterable[Filter] = (),
        sort: str = "",
        descending: bool = False,
    ) -> ListState:
        """`sort` and `descending` hold where the URL says nothing, or nonsense."""
        asked = query.get("sort", "")
        known = asked in set(columns)
        found: dict[str, str] = {}
        for one in filters:
            text = query.get(one.name, "").strip()[:MAX_FILTER]
            if text and (not one.options or text in one.options):
                found[one.name] = text
        number = query.get("page", "1")
        return cls(
            path,
            asked if known else sort,
            query.get("dir") == "desc" if known else descending,
            min(max(int(number), 1), MAX_PAGE) if number.isascii() and number.isdigit() and len(number) < 9 else 1,
            found,
        )

    def url(self, **changes: Any) -> str:  # noqa: ANN401  fields of the state
        """The address of this list with other state; anything but a page change goes back to the first page."""
        wanted = replace(self, page=1, **changes) if "page" not in changes else replace(self, **changes)
        values: dict[str, Any] = dict(wanted.filters)
        if wanted.sort:
            values |= {"sort": wanted.sort, "dir": "desc" if wanted.descending else "asc"}
        if wanted.page > 1:
            values["page"] = wanted.page
        return f"{wanted.path}?{urlencode(values)}" if values else wanted.path

    def sorted_by(self, column: str) -> str:
        """The link of a column's head: by it, or the other way round."""
        return self.url(sort=column, descending=self.sort == column and not self.descending)

    def direction(self, column: str) -> str:
        """For `aria-sort`."""
        if self.sort != column:
            return "none"
        return "descending" if self.descending else "ascending"


@dataclass(frozen=True, slots=True)
class Listed(Generic[R]):
    """One page: `rows` of `total`, and what the macro draws."""

    state: ListState
    columns: tuple[Column[R], ...]
    filters: tuple[Filter, ...]
    rows: tuple[R, ...]
    total: int
    pages: int

    @property
    def filtered(self) -> bool:
        return bool(self.state.filters)


def listed(
    rows: Sequence[R],
    columns: Sequence[Column[R]],
    path: str,
    query: Mapping[str, str],
    filters: Sequence[Filter] = (),
    sort: str = "",
    descending: bool = False,
    page_rows: int = PAGE_ROWS,
) -> Listed[R]:
    """Filter, sort and cut rows that are all in memory. A filter is the text of the column of its name, anywhere in it
    and in whatever case; a choice is the whole of it. A page behind the last one is the last one."""
    by_name = {one.name: one for one in columns}
    state = ListState.of(path, query, (one.name for one in columns if one.sorts), filters, sort, descending)
    kept = list(rows)
    for one in filters:
        wanted = state.filters.get(one.name)
        if wanted is not None:
            value = by_name[one.name].value
            if one.options:
                kept = [row for row in kept if str(value(row)) == wanted]
            else:
                kept = [row for row in kept if wanted.casefold() in str(value(row)).casefold()]
    if state.sort:
        column = by_name[state.sort]
        order = column.order or column.value
        kept.sort(key=lambda row: _rank(order(row)), reverse=state.descending)
    pages = max(1, -(-len(kept) // page_rows))
    state = replace(state, page=min(state.page, pages))
    begin = (state.page - 1) * page_rows
    return Listed(state, tuple(columns), tuple(filters), tuple(kept[begin : begin + page_rows]), len(kept), pages)


def _rank(value: object) -> tuple[int, Any]:
    """Nothing sorts before everything; words without their case."""
    if value is None or value == "":
        return (0, 0)
    if isinstance(value, bool | int | float):
        return (1, value)
    return (2, str(value).casefold())
