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
  fontFamily: "var(--text)",
  fontFamilyMonospace: "var(--mono)",
  headings: { fontFamily: "var(--display)" },
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
