/**
 * Functions that make as much text or as long a list as they are told to, in one step: DuckDB neither counts that memory
 * towards its limit nor looks up from it when it is interrupted.
 */
const unbounded: ReadonlySet<string> = new Set([
  "repeat",
  "lpad",
  "rpad",
  "bar",
  "format",
  "printf",
  "list_resize",
  "array_resize",
]);

/** Lists of numbers likewise; in the FROM clause the same names make rows, which come bit by bit. */
const unboundedLists: ReadonlySet<string> = new Set(["range", "generate_series"]);

/**
 * The name of a function in a statement that might take all memory there is, if any.
 *
 * @param tree the statement as DuckDB's json_serialize_sql has it
 */
export function unboundedFunction(tree: unknown): string | undefined {
  const work: { readonly node: unknown; readonly makesRows: boolean }[] = [{ node: tree, makesRows: false }];
  for (let next = work.pop(); next !== undefined; next = work.pop()) {
    const { node, makesRows } = next;
    if (typeof node !== "object" || node === null) continue;
    const { function_name: name, type } = node as { function_name?: unknown; type?: unknown };
    if (typeof name === "string") {
      const known = name.toLowerCase();
      if (unbounded.has(known) || (unboundedLists.has(known) && !makesRows)) return known;
    }
    for (const [key, child] of Object.entries(node)) {
      work.push({ node: child, makesRows: type === "TABLE_FUNCTION" && key === "function" });
    }
  }
  return undefined;
}
