// A result as a table: sortable, and only the rows in view are in the page.
import {
  type ColumnDef,
  flexRender,
  getCoreRowModel,
  getSortedRowModel,
  type Header,
  type SortingState,
  useReactTable,
} from "@tanstack/react-table";
import { useVirtualizer } from "@tanstack/react-virtual";
import { useMemo, useRef, useState } from "react";
import type { SearchResult } from "../api/types.gen";
import { cellText, cellTime, compareCells, isNumeric, type Row } from "../lib/cells";
import { eventTime } from "../lib/format";

/** Rows do not wrap, so all are as high. */
const ROW_HEIGHT = 30;

type Result = Pick<SearchResult, "fields" | "rows">;

export function StatsTable({ result }: { result: Result }) {
  const scroller = useRef<HTMLElement>(null);
  const [sorting, setSorting] = useState<SortingState>([]);
  const columns = useMemo(() => columnsOf(result), [result]);
  const widths = useMemo(() => result.fields.map((field) => widthOf(field, result.rows)), [result]);
  const table = useReactTable({
    data: result.rows,
    columns,
    state: { sorting },
    onSortingChange: setSorting,
    getCoreRowModel: getCoreRowModel(),
    getSortedRowModel: getSortedRowModel(),
  });
  const sorted = table.getRowModel().rows;
  const rows = useVirtualizer({
    count: sorted.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_HEIGHT,
    overscan: 16,
  });
  const inView = rows.getVirtualItems();
  const before = inView[0]?.start ?? 0;
  const after = rows.getTotalSize() - (inView.at(-1)?.end ?? 0);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region is reached by keyboard
    <section ref={scroller} className="tab-panel" aria-label="Table" tabIndex={0}>
      <table
        className="statistics"
        aria-rowcount={sorted.length + 1}
        style={{ minWidth: widths.reduce((sum, width) => sum + width, 0) }}
      >
        <colgroup>
          {result.fields.map((field, n) => (
            <col key={field} style={{ width: widths[n] }} />
          ))}
        </colgroup>
        <thead>
          {table.getHeaderGroups().map((group) => (
            <tr key={group.id} aria-rowindex={1}>
              {group.headers.map((header) => (
                <Head key={header.id} header={header} />
              ))}
            </tr>
          ))}
        </thead>
        <tbody>
          <Gap height={before} />
          {inView.map((item) => (
            <tr key={item.key} aria-rowindex={item.index + 2}>
              {sorted[item.index]?.getVisibleCells().map((cell) => (
                <td key={cell.id} className={align(cell.column.columnDef)}>
                  {flexRender(cell.column.columnDef.cell, cell.getContext())}
                </td>
              ))}
            </tr>
          ))}
          <Gap height={after} />
        </tbody>
      </table>
    </section>
  );
}

/** Stands for the rows that are out of view. */
function Gap({ height }: { height: number }) {
  return height > 0 ? <tr className="gap" style={{ height }} /> : null;
}

function Head({ header }: { header: Header<Row, unknown> }) {
  const sorted = header.column.getIsSorted();
  const order = sorted === "asc" ? "ascending" : sorted === "desc" ? "descending" : "none";
  return (
    <th scope="col" aria-sort={order} className={align(header.column.columnDef)}>
      <button type="button" onClick={header.column.getToggleSortingHandler()}>
        {flexRender(header.column.columnDef.header, header.getContext())}
        <span aria-hidden="true">{sorted === "asc" ? "▲" : sorted === "desc" ? "▼" : ""}</span>
      </button>
    </th>
  );
}

function columnsOf(result: Result): ColumnDef<Row>[] {
  return result.fields.map((field) => ({
    id: field,
    // Not by key: a field's name may hold dots.
    accessorFn: (row) => row[field],
    header: field,
    cell: ({ row }) => shown(field, row.original),
    sortingFn: (a, b) => compareCells(a.original[field], b.original[field]),
    meta: { right: field !== "_time" && isNumeric(result.rows, field) },
  }));
}

/** Pixels for a column, by its first rows: the text fits, or is cut where it is very long. */
function widthOf(field: string, rows: Row[]): number {
  const texts = rows.slice(0, 60).map((row) => shown(field, row).length);
  const longest = Math.max(field.length > 22 ? 14 : field.length + 2, ...texts);
  return Math.min(Math.max(longest * 7.4 + 30, 84), 420);
}

function shown(field: string, row: Row): string {
  const ms = field === "_time" ? cellTime(row[field]) : null;
  return ms === null ? cellText(row[field]) : eventTime(ms);
}

function align(column: ColumnDef<Row>): string {
  return (column.meta as { right: boolean }).right ? "right" : "";
}
