// @ts-check

/**
 * Asks again until the answer is a value, and says the last refusal when the deadline passes.
 * @template T
 * @param {() => T | Promise<T>} attempt throws as long as the condition does not hold
 * @param {{ what: string, deadlineMs: number, everyMs?: number, giveUp?: () => boolean }} options
 *   `giveUp` ends the waiting early when the condition can no longer come true
 * @returns {Promise<T>}
 */
async function waitUntil(attempt, { what, deadlineMs, everyMs = 25, giveUp = () => false }) {
  const deadline = Date.now() + deadlineMs;
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      if (giveUp()) throw new Error(`${what}: gave up (${reason})`);
      if (Date.now() > deadline) throw new Error(`${what}: not within ${deadlineMs / 1000} s (${reason})`);
    }
    await pause(everyMs);
  }
}

/** @param {number} ms */
function pause(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

module.exports = { waitUntil };
