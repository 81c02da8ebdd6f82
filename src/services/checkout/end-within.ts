/** Time that work under way has at a stop, once requests are drained, and then for being cancelled, in milliseconds. */
const graceMs = 1_500;
const cancelMs = 500;

/**
 * Waits for work to end, for as long as a stop may take; work that does not is cancelled, and left behind if that does
 * not help. An order that is left behind is taken up by the recovery of another process, or of the next start.
 */
export async function endWithin(work: Promise<unknown>, cancel: () => void): Promise<void> {
  if (await hasEndedWithin(work, graceMs)) return;
  cancel();
  await hasEndedWithin(work, cancelMs);
}

async function hasEndedWithin(work: Promise<unknown>, ms: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(resolve, ms, false);
  });
  const ended = work.then(
    () => true,
    () => true,
  );
  try {
    return await Promise.race([ended, late]);
  } finally {
    clearTimeout(timer);
  }
}
