import type { Codec, Environment } from '../types.ts';

/** What a connection asks of its way to the server. Messages go and come decoded; after `closed` or `close()` nothing comes any more. */
export interface Transport {
  readonly bufferedAmount: number;
  send(frame: string | Uint8Array<ArrayBuffer>): void;
  close(): void;
}

export interface Listener {
  /** The way is open: what comes next is `welcome`. */
  opened(): void;
  /** A message, or an array of messages. */
  message(message: unknown, text: string): void;
  /** A sign of life that is no message. */
  heard(): void;
  /** @param after milliseconds the server wants to be left alone */
  closed(code: number, reason: string, after?: number): void;
}

export interface Target {
  /** Of the WebSocket; what else the node serves lies beside it. */
  url: URL;
  codec: Codec;
  batch: number;
  /** The one in use: it may be renewed meanwhile. */
  token(): string | null;
  environment: Environment;
}

export type Opener = (target: Target, listener: Listener) => Transport;

/** The address beside the WebSocket's, so that a proxy's prefix is kept. */
export function beside(url: URL, path: string): URL {
  const address = new URL(path, url);
  address.protocol = url.protocol.replace('ws', 'http');
  return address;
}
