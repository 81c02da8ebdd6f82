import { execFile } from "node:child_process";
import { delimiter, dirname, join } from "node:path";
import { promisify } from "node:util";

const root = join(import.meta.dirname, "../..");

/** One of the client programs of docs/clients.md. */
export interface Example {
  /** Its folder under `examples/clients`. */
  readonly name: string;
  /** What it takes beyond the packages of the repository, and a command that succeeds where that is installed. */
  readonly needs?: { readonly what: string; readonly probe: Command };
  /** What is done once: packages, generated code, checks. */
  readonly prepare: readonly Command[];
  /** What is run against a shop on `host:port`. */
  readonly runs: (address: string) => readonly Command[];
}

export type Command = readonly [program: string, ...parameters: string[]];

/** Python packages go where nothing else sees them, and stay between runs. */
const python = join(root, ".orrery-test/clients/python");

export const typescriptExamples: readonly Example[] = [
  {
    name: "typescript-connect",
    prepare: [
      ["buf", "generate"],
      ["tsc", "-p", "."],
    ],
    runs: (address) =>
      ["connect", "grpc", "grpc-web", "web-connect", "web-grpc-web"].map((protocol) => [
        "node",
        "place-order.ts",
        `http://${address}`,
        protocol,
      ]),
  },
  {
    name: "typescript-grpc-js",
    prepare: [
      ["buf", "generate"],
      ["tsc", "-p", "."],
    ],
    runs: (address) => [["node", "place-order.ts", address]],
  },
];

export const examples: readonly Example[] = [
  ...typescriptExamples,
  {
    name: "go",
    needs: { what: "Go", probe: ["go", "version"] },
    prepare: [
      ["buf", "generate"],
      ["go", "vet", "./..."],
    ],
    runs: (address) => [
      ...["connect", "grpc", "grpc-web"].map(
        (protocol): Command => ["go", "run", "./with-connect", `http://${address}`, protocol],
      ),
      ["go", "run", "./with-grpc", address],
    ],
  },
  {
    name: "python",
    needs: { what: "Python 3 with venv", probe: ["python3", "-c", "import ensurepip, venv"] },
    prepare: [
      ["python3", "-m", "venv", python],
      [join(python, "bin/pip"), "install", "--quiet", "--requirement", "requirements.txt"],
      ["sh", "generate.sh"],
    ],
    runs: (address) => [["python", "place_order.py", address]],
  },
];

/** Whether what an example needs is installed. */
export async function isRunnable({ needs }: Example): Promise<boolean> {
  if (needs === undefined) return true;
  const [program, ...parameters] = needs.probe;
  return promisify(execFile)(program, parameters).then(
    () => true,
    () => false,
  );
}

/**
 * Runs a command in an example's folder; programs of the repository's packages are found first.
 *
 * @returns what it printed
 * @throws when it fails or takes longer than five minutes, with what it printed
 */
export async function run(example: Example, [program, ...parameters]: Command): Promise<string> {
  const path = [dirname(process.execPath), join(root, "node_modules/.bin"), join(python, "bin"), process.env.PATH];
  const running = promisify(execFile)(program, parameters, {
    cwd: join(root, "examples/clients", example.name),
    env: { ...process.env, PATH: path.join(delimiter), NO_COLOR: "1" },
    timeout: 5 * 60_000,
  });
  try {
    return (await running).stdout;
  } catch (cause) {
    const { stdout = "", stderr = "" } = cause as { stdout?: string; stderr?: string };
    const printed = `${stdout}${stderr}`.trim();
    throw new Error(`${[program, ...parameters].join(" ")} failed${printed === "" ? "" : `:\n${printed}`}`, { cause });
  }
}

/**
 * The id of the order that an example says it has placed.
 *
 * @throws when it did not say so, or did not get the same order for the same key
 */
export function placedOrderId(printed: string): string {
  const id = /^order ([0-9a-f-]{36}), tracking id .+$/m.exec(printed)?.[1];
  if (id === undefined || !printed.includes("repeated with the same key: the same order")) {
    throw new Error(`No order was placed and repeated:\n${printed}`);
  }
  return id;
}
