import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { brotliCompress, gzip } from "node:zlib";
import react from "@vitejs/plugin-react";
import { defineConfig, type Plugin } from "vite";

const shop = process.env.ORRERY_URL ?? "http://127.0.0.1:8080";

/** Puts a Brotli and a gzip version beside each text asset, for the server to choose from. */
function precompress(): Plugin {
  return {
    name: "precompress",
    apply: "build",
    async writeBundle({ dir = "" }) {
      const assets = join(dir, "assets");
      const texts = (await readdir(assets)).filter((name) => /\.(js|css|svg)$/.test(name));
      await Promise.all(
        texts.map(async (name) => {
          const file = join(assets, name);
          const content = await readFile(file);
          await writeFile(`${file}.br`, await promisify(brotliCompress)(content));
          await writeFile(`${file}.gz`, await promisify(gzip)(content, { level: 9 }));
        }),
      );
    },
  };
}

/** Builds the storefront to `dist/web/storefront`; `vite dev` borrows the API and the pictures of a running shop. */
export default defineConfig({
  root: import.meta.dirname,
  plugins: [react(), precompress()],
  build: {
    outDir: "../../../dist/web/storefront",
    emptyOutDir: true,
    target: "es2023",
    // A data: font or picture would need another exception in the content security policy.
    assetsInlineLimit: 0,
    rolldownOptions: {
      output: {
        // Changes only when a dependency does, so a new version of the shop leaves it in the browser's cache.
        codeSplitting: {
          groups: [{ name: "framework", test: /node_modules\/(react|react-dom|scheduler|@tanstack)\// }],
        },
      },
    },
  },
  // Not "/api": that would take the module api.ts too.
  server: { proxy: { "^/(api|images)/": shop } },
});
