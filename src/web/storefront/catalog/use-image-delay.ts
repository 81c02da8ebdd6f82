/**
 * By how many milliseconds the pictures of product cards are held back; 0 means not at all.
 * This is where the slow-image flag comes in once pages can read flags.
 */
export function useImageDelay(): number {
  return 0;
}
