// Imported before anything else. Chromium under a POSIX locale calls its language "en-US@posix", which Intl refuses,
// and uPlot formats numbers with it as soon as it is loaded.
try {
  new Intl.NumberFormat(navigator.language);
} catch {
  Object.defineProperty(navigator, "language", { value: "en" });
}
