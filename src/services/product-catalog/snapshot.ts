/** Data that is read often and changes rarely: read again when older than `maxAgeMs`, once for all who ask meanwhile. */
export function snapshot<T>(read: () => Promise<T>, maxAgeMs: number): () => Promise<T> {
  let current: { readonly value: Promise<T>; readonly readAt: number } | undefined;
  return () => {
    if (current === undefined || performance.now() - current.readAt > maxAgeMs) {
      const value = read();
      const attempt = { value, readAt: performance.now() };
      current = attempt;
      // A failed read is not kept.
      value.catch(() => {
        if (current === attempt) current = undefined;
      });
    }
    return current.value;
  };
}
