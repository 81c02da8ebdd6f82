import { stringify } from "yaml";

/** A file that is made from what the code declares, and committed so that it can be read. */
export interface RenderedFile {
  /** Below the repository's root. */
  readonly path: string;
  readonly text: string;
  /** For a file that belongs to whoever uses it: the same with what it lacks. */
  readonly completed?: (current: string) => string;
}

/** A file in YAML that names what it is made from. */
export function yamlFile(path: string, source: string, content: unknown): RenderedFile {
  const text = stringify(content, { lineWidth: 0, aliasDuplicateObjects: false });
  return { path, text: `# Rendered from ${source}: change it there.\n\n${text}` };
}
