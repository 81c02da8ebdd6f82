import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";
import { precompress } from "../shared/precompress.vite.config.ts";

const shop = process.env.ORRERY_URL ?? "http://127.0.0.1:8080";

/** Builds the Observatory's pages to `dist/web/observatory`; `vite dev` borrows the store of a running shop. */
export default defineConfig({
  root: import.meta.dirname,
  base: "/observatory/",
  plugins: [react(), precompress()],
  build: {
    outDir: "../../../dist/web/observatory",
    emptyOutDir: true,
    target: "es2023",
    // A data: font or picture would need another exception in the content security policy.
    assetsInlineLimit: 0,
    // The graph's layout engine, which runs in a worker and loads after the page.
    chunkSizeWarningLimit: 1700,
    rolldownOptions: {
      output: {
        codeSplitting: {
          groups: [
            { name: "framework", test: /node_modules\/(react|react-dom|scheduler|@tanstack)\// },
            { name: "rpc", test: /node_modules\/@(bufbuild|connectrpc)\// },
          ],
        },
      },
    },
  },
  server: { proxy: { "^/(orrery\\.(observatory|scenarios)|observatory/api|loadgen)": shop } },
});
