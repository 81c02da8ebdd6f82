import { MantineProvider } from "@mantine/core";
import { QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import "../shared/mantine.css";
import "../shared/fonts.css";
import "../shared/tokens.css";
import "./shop.css";
import { cssVariablesResolver, theme } from "../shared/theme.ts";
import { imageDelay } from "./catalog/use-image-delay.ts";
import { queryClient } from "./queries.ts";
import { router } from "./router.tsx";
import { telemetry } from "./telemetry.ts";

router.subscribe("onResolved", ({ fromLocation, toLocation }) => {
  if (fromLocation === undefined || fromLocation.pathname === toLocation.pathname) return;
  telemetry.view(router.state.matches.at(-1)?.routeId ?? toLocation.pathname);
});

void queryClient.prefetchQuery(imageDelay);

const root = document.getElementById("root");
if (!root) throw new Error("The page has no element #root to render into.");

createRoot(root).render(
  <StrictMode>
    <MantineProvider theme={theme} cssVariablesResolver={cssVariablesResolver} defaultColorScheme="auto">
      <QueryClientProvider client={queryClient}>
        <RouterProvider router={router} />
      </QueryClientProvider>
    </MantineProvider>
  </StrictMode>,
);
