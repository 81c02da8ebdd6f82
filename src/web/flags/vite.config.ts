import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";
import { precompress } from "../shared/precompress.vite.config.ts";

const shop = process.env.ORRERY_URL ?? "http://127.0.0.1:8080";

/** Builds the pages of flags to `dist/web/flags`; `vite dev` borrows the flags of a running shop. */
export default defineConfig({
  root: import.meta.dirname,
  base: "/feature/",
  plugins: [react(), precompress()],
  build: {
    outDir: "../../../dist/web/flags",
    emptyOutDir: true,
    target: "es2023",
    // A data: font or picture would need another exception in the content security policy.
    assetsInlineLimit: 0,
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
  server: { proxy: { "^/(orrery\\.flags|feature/api)": shop } },
});
