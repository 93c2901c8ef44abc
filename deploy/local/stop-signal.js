// @ts-check

const secondThoughtsMs = 1_000;
const parentCheckMs = 250;

/**
 * Aborted by Ctrl-C, by SIGTERM and when the terminal closes. Asked again later, the script ends on the spot,
 * and watchdogs end what belongs to it. At once does not count: npm passes a Ctrl-C on that we have seen.
 * @returns {AbortSignal}
 */
function stopSignal() {
  const controller = new AbortController();
  let askedAt = 0;
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.on(signal, () => {
      if (askedAt === 0) askedAt = Date.now();
      else if (Date.now() - askedAt > secondThoughtsMs) process.exit(1);
      controller.abort();
    });
  }
  if (process.env.npm_lifecycle_event) onParentGone(() => controller.abort());
  return controller.signal;
}

/**
 * npm passes a SIGTERM to the shell in which it runs us, and that one dies of it without telling us.
 * @param {() => void} then
 */
function onParentGone(then) {
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    then();
  }, parentCheckMs);
  timer.unref();
}

module.exports = { stopSignal };
