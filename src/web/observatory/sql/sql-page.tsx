import type { ListValue, Value } from "@bufbuild/protobuf/wkt";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { useRef, useState } from "react";
import type { RunQueryResponse } from "../../../../gen/orrery/observatory/v1/observatory_pb.ts";
import { downloadAddress, observatory } from "../api.ts";
import { formatCount, formatDuration } from "../format.ts";
import { usePageTitle } from "../layout/page-title.ts";
import { WithSidebar } from "../layout/sidebar.tsx";
import { useLiveQuery } from "../live/live-query.ts";
import { Nothing, Problem } from "../live/problem.tsx";
import { examples } from "./examples.ts";
import styles from "./sql-page.module.css";

const maxRows = 1000;

/** Read-only SQL over everything that the store keeps. */
export function SqlPage() {
  usePageTitle("SQL");
  const { sql = "" } = useSearch({ from: "/sql" });
  const navigate = useNavigate({ from: "/sql" });
  const [draft, setDraft] = useState(sql || (examples[0]?.sql ?? ""));
  const [asked, setAsked] = useState(0);
  const editor = useRef<HTMLTextAreaElement>(null);
  const { data, error, isFetching } = useLiveQuery({
    key: ["sql", sql, asked],
    ask: (call) => observatory.runQuery({ sql, maxRows }, call),
    enabled: sql.trim() !== "",
  });

  const run = (statement: string) => {
    setAsked(asked + 1);
    void navigate({ search: ({ range }) => ({ range, sql: statement }) });
  };
  const insert = (text: string) => {
    const area = editor.current;
    if (!area) return;
    area.focus();
    area.setRangeText(text, area.selectionStart, area.selectionEnd, "end");
    setDraft(area.value);
  };

  return (
    <WithSidebar label="Tables" sidebar={<Schema onInsert={insert} />}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          run(draft);
        }}
      >
        <label className={styles.label} htmlFor="statement">
          <h1>SQL</h1>
          <span className="dimmed">
            One read-only statement in DuckDB's dialect.{" "}
            <span className={styles.keys}>
              <kbd>Ctrl</kbd> <kbd>Enter</kbd> runs it, <kbd>Tab</kbd> indents, <kbd>Esc</kbd> then <kbd>Tab</kbd>{" "}
              leaves.
            </span>
          </span>
        </label>
        <Editor ref={editor} value={draft} onChange={setDraft} onRun={() => run(draft)} />
        <div className={styles.actions}>
          <button type="submit" className="button" data-primary disabled={draft.trim() === ""}>
            Run
          </button>
          {sql !== "" && !error && (
            <>
              <a className="button" href={downloadAddress("csv", sql)} download>
                CSV
              </a>
              <a className="button" href={downloadAddress("parquet", sql)} download>
                Parquet
              </a>
            </>
          )}
          <span className={styles.examples}>
            <span className="dimmed">Examples:</span>
            {examples.map((example) => (
              <button
                key={example.title}
                type="button"
                className={styles.example}
                onClick={() => {
                  setDraft(example.sql);
                  run(example.sql);
                }}
              >
                {example.title}
              </button>
            ))}
          </span>
        </div>
      </form>
      {error && <Problem error={error} />}
      {data && sql !== "" && !error && <Result result={data} isStale={isFetching} />}
    </WithSidebar>
  );
}

function Editor(props: {
  readonly ref: React.RefObject<HTMLTextAreaElement | null>;
  readonly value: string;
  readonly onChange: (value: string) => void;
  readonly onRun: () => void;
}) {
  // After Escape the tab key moves on, as it does everywhere else: nobody is caught in the field.
  const [tabLeaves, setTabLeaves] = useState(false);
  return (
    <textarea
      ref={props.ref}
      id="statement"
      className={styles.editor}
      value={props.value}
      rows={Math.min(16, Math.max(7, props.value.split("\n").length + 1))}
      spellCheck={false}
      autoCapitalize="off"
      autoComplete="off"
      maxLength={20_000}
      onFocus={() => setTabLeaves(false)}
      onChange={({ currentTarget }) => props.onChange(currentTarget.value)}
      onKeyDown={(event) => {
        if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
          event.preventDefault();
          props.onRun();
        } else if (event.key === "Escape") {
          setTabLeaves(true);
        } else if (event.key === "Tab" && !event.shiftKey && !tabLeaves) {
          event.preventDefault();
          const area = event.currentTarget;
          area.setRangeText("  ", area.selectionStart, area.selectionEnd, "end");
          props.onChange(area.value);
        }
      }}
    />
  );
}

function Schema({ onInsert }: { readonly onInsert: (text: string) => void }) {
  const { data, error, refetch } = useLiveQuery({
    key: ["schema"],
    ask: (call) => observatory.getSchema({}, call),
    everyMs: 15_000,
  });
  return (
    <section className={styles.schema} aria-label="Tables">
      {error && <Problem error={error} onRetry={() => void refetch()} />}
      {data?.tables.map((table) => (
        <details key={table.name} open={data.tables.length < 4 || table.name === "spans"}>
          <summary>
            <strong className={styles.table}>{table.name}</strong>{" "}
            <span className="dimmed">{formatCount(table.rowCount)} rows</span>
          </summary>
          <p className="dimmed">{table.description}</p>
          <ul>
            {table.columns.map((column) => (
              <li key={column.name}>
                <button type="button" className={styles.column} onClick={() => onInsert(column.name)}>
                  {column.name}
                </button>
                <span className={styles.type} title={column.type}>
                  {column.type}
                </span>
              </li>
            ))}
          </ul>
        </details>
      ))}
    </section>
  );
}

function Result({ result, isStale }: { readonly result: RunQueryResponse; readonly isStale: boolean }) {
  const { columns, rows } = result;
  if (columns.length === 0) return <Nothing title="The statement gave nothing" />;
  return (
    <section aria-busy={isStale} className={styles.result} aria-label="Result">
      <p className="dimmed">
        {rows.length} {rows.length === 1 ? "row" : "rows"}
        {result.isTruncated && ", the first of more"} in {formatDuration(result.elapsedMs)}
      </p>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by the keyboard */}
      <section className={`panel ${styles.rows}`} tabIndex={0} aria-label="Rows">
        <table>
          <thead>
            <tr>
              {columns.map(({ name, type }, index) => (
                <th
                  key={`${index} ${name}`}
                  scope="col"
                  className={isNumeric(type) ? "number" : undefined}
                  title={type}
                >
                  {name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map((row, index) => (
              <Row key={index} row={row} columns={columns} />
            ))}
          </tbody>
        </table>
      </section>
    </section>
  );
}

function Row({ row, columns }: { readonly row: ListValue; readonly columns: RunQueryResponse["columns"] }) {
  return (
    <tr>
      {columns.map(({ name, type }, index) => {
        const text = cellText(row.values[index]);
        return (
          <td key={`${index} ${name}`} className={isNumeric(type) ? "number" : styles.cell}>
            {text === undefined ? (
              <span className="dimmed">NULL</span>
            ) : name === "trace_id" && /^[0-9a-f]{32}$/.test(text) ? (
              <Link to="/traces/$traceId" params={{ traceId: text }} preload={false} className="tap">
                <code>{text}</code>
              </Link>
            ) : (
              <bdi>{text}</bdi>
            )}
          </td>
        );
      })}
    </tr>
  );
}

function isNumeric(type: string): boolean {
  return /INT|DOUBLE|FLOAT|DECIMAL|REAL/.test(type) && !type.endsWith("]");
}

function cellText(value: Value | undefined): string | undefined {
  switch (value?.kind.case) {
    case undefined:
    case "nullValue":
      return undefined;
    case "stringValue":
      return value.kind.value;
    case "numberValue":
      return new Intl.NumberFormat("en", { maximumFractionDigits: 6, useGrouping: false }).format(value.kind.value);
    case "boolValue":
      return String(value.kind.value);
    case "listValue":
      return `[${value.kind.value.values.map((each) => cellText(each) ?? "NULL").join(", ")}]`;
    case "structValue":
      return JSON.stringify(
        Object.fromEntries(Object.entries(value.kind.value.fields).map(([key, each]) => [key, cellText(each)])),
      );
  }
}
