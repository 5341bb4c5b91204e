/** What a client does when a connection has ended; the table is in docs/CLIENTS.md. */
export type Verdict = 'stop' | 'retry' | 'token' | 'fresh token';

const FINAL = [1000, 1002, 1003, 1007, 4003];
const PASSING = ['auth timeout', 'too many connections'];

/** Whether a close ends the matter; what is not known to be final is worth another attempt. */
export const isFinal = (code: number, reason: string): boolean =>
  FINAL.includes(code) || (code === 1008 && !PASSING.includes(reason));

/**
 * @param mayReconnect what `disconnecting` said before the close, if it came
 * @returns `token`: with a fresh token, else not; `fresh token`: with one that was fetched since, once
 */
export function judge(code: number, reason: string, mayReconnect?: boolean): Verdict {
  if (code === 4001) return 'token';
  if (code === 1008 && reason === 'Invalid token') return 'fresh token';
  return (mayReconnect === undefined ? isFinal(code, reason) : !mayReconnect) ? 'stop' : 'retry';
}

/** Codes that may come from a proxy that cannot pass the transport on. Any other is the node's, and another transport would hear the same. */
export const isOfTheWay = (code: number): boolean => [1000, 1001, 1005, 1006].includes(code);
