/** The id of the element that holds the page, between header and footer. */
export const contentId = "content";

/** Gives the focus to the page itself, when the element that had it is gone. */
export function focusContent(): void {
  document.getElementById(contentId)?.focus({ preventScroll: true });
}
