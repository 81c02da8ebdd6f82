// npm run test:clients: the client programs of docs/clients.md against a shop, in every language whose tools are here.
import { startShop } from "../shop.ts";
import { examples, isRunnable, placedOrderId, run } from "./examples.ts";

const shop = await startShop();
let failed = 0;
try {
  for (const example of examples) {
    if (!(await isRunnable(example))) {
      process.stdout.write(`skipped ${example.name}: ${example.needs?.what} is not installed\n`);
      continue;
    }
    const begun = performance.now();
    const step = (text: string) => {
      const seconds = ((performance.now() - begun) / 1000).toFixed(1).padStart(5);
      process.stdout.write(`${seconds} s  ${example.name}: ${text}\n`);
    };
    try {
      for (const command of example.prepare) {
        step(command.join(" "));
        await run(example, command);
      }
      for (const command of example.runs(new URL(shop.url).host)) {
        step(`${command.join(" ")} placed order ${placedOrderId(await run(example, command))}`);
      }
    } catch (error) {
      failed++;
      step(`FAILED ${error instanceof Error ? error.message : String(error)}`);
    }
  }
} finally {
  await shop.stop();
}
process.stdout.write(failed === 0 ? "Every client that could run has placed its orders.\n" : `${failed} failed.\n`);
process.exitCode = failed === 0 ? 0 : 1;
