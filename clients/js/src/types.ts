/** The states of a connection, numbered as those of a WebSocket are. */
export const CONNECTING = 0, OPEN = 1, CLOSING = 2, CLOSED = 3;
export type State = 0 | 1 | 2 | 3;
export type TransportName = 'websocket' | 'sse' | 'poll';

/** Where a connection is, and why. */
export interface Status {
  state: State;
  transport?: TransportName;
  /** The close code of the last connection, once there was one. */
  code?: number;
  reason?: string;
  /** Connecting, but not before so many milliseconds have passed. */
  retryIn?: number;
  /** Closed: only another token helps. */
  needsToken?: boolean;
}

export interface Position {
  epoch: string;
  offset: number;
}

export interface Sender {
  user: string | null;
  connection: string;
  info?: unknown;
}

export interface Message<Data = unknown> {
  type: 'message';
  topic: string;
  data: Data;
  /** `base64` where the data was bytes and the connection speaks JSON. */
  encoding?: 'base64';
  from?: Sender;
  time?: number;
  offset?: number;
  entry?: string;
  removed?: true | 'expired';
  pattern?: string;
}

/** Something may be missing here. With a position: what follows goes on from there. */
export interface Gap {
  type: 'gap';
  topic: string;
  /** `server`: the node said so; `reconnected`: what was sent meanwhile cannot be had; `buffer`: an iterator was not read. */
  reason: 'server' | 'reconnected' | 'buffer';
  epoch?: string;
  offset?: number;
  pattern?: string;
}

export interface Member {
  user: string;
  info?: unknown;
}

export interface Subscribed {
  topic: string;
  epoch?: string;
  offset?: number;
  recovered?: boolean;
  /** How many kept entries follow in place of all that was there. */
  snapshot?: number;
  presence?: { connections: number; users: number; members: Member[] };
  reason?: string;
  /** Not the first time. */
  again: boolean;
  /** How many messages that were missed follow now; unknown where entries are kept. */
  missed?: number;
}

export interface Published {
  topic: string;
  epoch?: string;
  offset?: number;
  copies?: number;
}

export interface HistoryPage<Data = unknown> {
  topic: string;
  epoch: string;
  offset: number;
  messages: Omit<Message<Data>, 'type' | 'topic'>[];
  more: boolean;
}

export interface PresencePage {
  topic: string;
  connections: number;
  users: number;
  members: Member[];
  after?: string;
}

export interface Welcome {
  type: 'welcome';
  connection: string;
  node: string;
  version: number;
  time: number;
  auth: 'required' | 'optional' | 'done';
  user?: string;
  expires?: number;
  heartbeat: number;
  limits: { message: number; subscriptions: number; rate: number; burst: number };
  message?: string;
  session?: string;
}

/** Any message of the protocol. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any
export type Wire = { type: string; id?: number | string;[key: string]: any };

/** A format of messages. */
export interface Codec {
  /** The WebSocket subprotocol. */
  protocol: string;
  encode(message: unknown): string | Uint8Array<ArrayBuffer>;
  decode(frame: string | ArrayBuffer): unknown;
}

/** What the server, or the client in its place, says no with; the codes are those of docs/PROTOCOL.md, and of docs/CLIENTS.md. */
export class BrokerError extends Error {
  override name = 'BrokerError';
  retryAfter?: number;
  reason?: string;
  data?: unknown;
  epoch?: string;
  offset?: number;
  constructor(public code: string, text: string, more?: Partial<BrokerError>) {
    super(text);
    if (more) Object.assign(this, more);
  }

  /** @internal */
  static of({ code, error, retryAfter, reason, data, epoch, offset }: Wire): BrokerError {
    return new BrokerError(code, error, { retryAfter, reason, data, epoch, offset });
  }
}

/** Asks for a token. `refused`: the last one was not good, or will soon be no more. */
export type TokenSource = string | ((refused: boolean) => string | null | undefined | Promise<string | null | undefined>);

export interface Options {
  token?: TokenSource;
  /** Which ways to try, in this order. One alone is forced. */
  transports?: TransportName[];
  /** Milliseconds for which the server gathers pushes. */
  batch?: number;
  /** MessagePack, from the entry point `msgpack`; of WebSockets only. */
  codec?: Codec;
  /** Milliseconds: the bound of the first delay, and of all; 500 and 30,000. */
  backoff?: { first?: number; max?: number | (() => number) };
  /** The bounds of what waits to be published; 1000 and 1 MiB. */
  buffer?: { publishes?: number; bytes?: number };
  /** Milliseconds a request waits for its reply; 20,000. */
  timeout?: number;
  /** What differs from the globals: of hosts that lack some, and of tests. */
  environment?: Partial<Environment>;
}

export interface SocketLike {
  binaryType: string;
  readonly bufferedAmount: number;
  onopen: unknown;
  onmessage: unknown;
  onclose: unknown;
  onerror: unknown;
  send(data: string | Uint8Array<ArrayBuffer>): void;
  close(code?: number): void;
  terminate?(): void;
}

export interface Environment {
  WebSocket: (new (url: string, protocols: string[]) => SocketLike) | undefined;
  fetch: typeof fetch | undefined;
  storage: Pick<Storage, 'getItem' | 'setItem' | 'removeItem'> | null;
  /** Milliseconds of a clock that never goes back. */
  now(): number;
  random(): number;
  setTimeout(action: () => void, delay: number): unknown;
  clearTimeout(timer: unknown): void;
}
