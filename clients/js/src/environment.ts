import type { Environment } from './types.ts';

/** Each global is looked up when it is used, as tests and polyfills may put another in its place. */
export function environment(own: Partial<Environment> = {}): Environment {
  return {
    WebSocket: globalThis.WebSocket as unknown as Environment['WebSocket'],
    fetch: globalThis.fetch ? (...request) => globalThis.fetch(...request) : undefined,
    storage: storage(),
    now: () => performance.now(),
    random: () => Math.random(),
    setTimeout: (action, delay) => setTimeout(action, delay),
    clearTimeout: timer => clearTimeout(timer as number),
    ...own,
  };
}

/** A page without cookies throws at the mere name, and Node.js warns. */
function storage(): Environment['storage'] {
  try {
    return typeof document === 'undefined' ? null : globalThis.localStorage;
  } catch {
    return null;
  }
}
