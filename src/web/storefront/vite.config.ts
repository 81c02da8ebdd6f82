import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";
import { precompress } from "../shared/precompress.vite.config.ts";

const shop = process.env.ORRERY_URL ?? "http://127.0.0.1:8080";

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
