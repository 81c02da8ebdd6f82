import { type CSSVariablesResolver, createTheme } from "@mantine/core";

/** The look of our pages; colours live in `tokens.css`, where both schemes stand side by side. */
export const theme = createTheme({
  primaryColor: "amber",
  primaryShade: 4,
  autoContrast: true,
  black: "#12153a",
  colors: {
    amber: [
      "#fff6e8",
      "#ffe9c9",
      "#ffd99a",
      "#ffc476",
      "#ffb454",
      "#f0a03a",
      "#d4852a",
      "#aa661b",
      "#864f00",
      "#5f3800",
    ],
  },
  fontFamily: "var(--type)",
  fontFamilyMonospace: "var(--mono)",
  // Jost is small for its size: half a step up from the usual scale.
  fontSizes: { xs: "0.8125rem", sm: "1rem", md: "1.0625rem", lg: "1.1875rem", xl: "1.375rem" },
  lineHeights: { md: "1.5" },
  defaultRadius: 9,
  cursorType: "pointer",
  respectReducedMotion: true,
});

const shared = {
  "--mantine-color-body": "var(--page)",
  "--mantine-color-text": "var(--ink)",
  "--mantine-color-dimmed": "var(--muted)",
  "--mantine-color-placeholder": "var(--muted)",
  "--mantine-color-error": "var(--danger)",
};

export const cssVariablesResolver: CSSVariablesResolver = () => ({ variables: {}, light: shared, dark: shared });
