const WIDTH = 14;
const FRAMES = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];

/** Says in one line that a stage had nothing to do. Everything here goes to stderr: stdout belongs to the command. */
export function cached(title, result) {
  process.stderr.write(`${title.padEnd(WIDTH)} ${result} (cached)\n`);
}

/**
 * Runs a stage: one line when it is done, with its time. Meanwhile a terminal shows that it is alive, a log is told
 * once what goes on.
 */
export async function stage(title, doing, work) {
  const start = performance.now();
  const seconds = () => `${((performance.now() - start) / 1000).toFixed(1)} s`;
  const label = title.padEnd(WIDTH);
  let stop = () => {};
  if (process.stderr.isTTY) {
    let frame = 0;
    const timer = setInterval(() => {
      process.stderr.write(`\r\x1b[K${label} ${FRAMES[frame++ % FRAMES.length]} ${doing} ${seconds()}`);
    }, 100);
    stop = () => {
      clearInterval(timer);
      process.stderr.write("\r\x1b[K");
    };
  } else {
    process.stderr.write(`${label} ${doing} …\n`);
  }
  let result;
  try {
    result = await work();
  } finally {
    stop();
  }
  process.stderr.write(`${label} ${result} (${seconds()})\n`);
}
