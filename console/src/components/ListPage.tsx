// The shell of a page with a list: heading, filters, states, and the way to the next page.
import type { ReactNode } from "react";
import { Empty, Failed, Loading, Stale } from "./StateViews";
import { TableScroll } from "./TableScroll";

type Props = {
  title: string;
  /** What is listed, as in "The … could not be loaded". */
  what: string;
  /** Beside the heading. */
  aside?: ReactNode;
  /** Filters and buttons at the right. */
  actions?: ReactNode;
  error: Error | null;
  retry: () => void;
  /** How many rows there are; undefined while nothing is loaded. */
  rows: number | undefined;
  empty: { title: string; text?: ReactNode };
  /** The links to other pages. */
  paging?: ReactNode;
  children: ReactNode;
};

export function ListPage(props: Props) {
  const { title, what, aside, actions, error, retry, rows, empty, paging, children } = props;
  return (
    <div className="page">
      <div className="page-head">
        <h1>{title}</h1>
        {aside}
        {actions ? <div className="end">{actions}</div> : null}
      </div>
      {rows !== undefined ? <Stale error={error} /> : null}
      <section className="panel" aria-label={`List of ${what}`}>
        {rows === undefined && error ? (
          <Failed what={`The ${what} could not be loaded`} error={error} retry={retry} />
        ) : null}
        {rows === undefined && !error ? <Loading what={`the ${what}`} /> : null}
        {rows === 0 ? <Empty title={empty.title}>{empty.text ? <p>{empty.text}</p> : null}</Empty> : null}
        {rows ? children : null}
      </section>
      {paging ? (
        <nav className="page-head paging" aria-label="Pages of the list">
          {paging}
        </nav>
      ) : null}
    </div>
  );
}

/** A table's frame with its column headings. */
export function Table({ columns, children }: { columns: string[]; children: ReactNode }) {
  return (
    <TableScroll label="Table">
      <table>
        <thead>
          <tr>
            {columns.map((column) => (
              <th key={column} scope="col">
                {column === "" ? <span className="visually-hidden">Actions</span> : column}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>{children}</tbody>
      </table>
    </TableScroll>
  );
}

type FilterProps = { label: string; placeholder: string; value: string; onChange: (value: string) => void };

/** A text field that narrows the list. */
export function FilterField({ label, placeholder, value, onChange }: FilterProps) {
  return (
    <input
      className="input filter"
      type="search"
      placeholder={placeholder}
      aria-label={label}
      defaultValue={value}
      onChange={(event) => onChange(event.target.value)}
    />
  );
}
