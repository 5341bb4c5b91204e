import type { Connection } from './connection.ts';
import { Room, type Seat } from './room.ts';
import { BrokerError, CLOSED } from './types.ts';
import type { Wire } from './types.ts';

export interface RoomPage {
  rooms: { room: string; kind: string;[key: string]: unknown }[];
  after?: string;
}

export interface Patience {
  /** Resolves when there is a connection, or will be none. */
  opened(): Promise<void> | void;
  request(message: Wire): Promise<Wire>;
}

/** The rooms in which this connection has a seat, and the way to others. */
export class Rooms {
  #rooms = new Map<string, Room>();
  #matches = new Map<string, { ask(): void; found(seat: Seat): void; reject(error: unknown): void }>();

  /** @internal */
  constructor(private connection: Connection, private patience: Patience) {
    connection.on('up', () => {
      for (const room of [...this.#rooms.values()]) room.up();
      for (const match of [...this.#matches.values()]) match.ask();
    });
    connection.on('down', () => { for (const room of this.#rooms.values()) room.down(); });
    connection.on('status', ({ state }) => {
      if (state === CLOSED) for (const match of [...this.#matches.values()]) match.reject(new BrokerError('closed', 'The connection is closed'));
    });
    connection.isTicking = () => [...this.#rooms.values()].some(room => room.step > 0);
  }

  get(id: string): Room | undefined {
    return this.#rooms.get(id);
  }

  create<State = unknown>(kind: string, options: { options?: object; data?: unknown } = {}): Promise<Room<State>> {
    return this.#join({ type: 'room.create', kind, ...options });
  }

  /** By its id, or back to a seat. */
  join<State = unknown>(room: string | Seat, options: { code?: string; as?: 'player' | 'spectator'; data?: unknown } = {}): Promise<Room<State>> {
    return this.#join({ type: 'room.join', ...(typeof room === 'string' ? { room } : { room: room.room, token: room.token }), ...options });
  }

  /** The fullest room of a kind that has what `match` asks for, or a new one. */
  joinOrCreate<State = unknown>(kind: string, options: { match?: object; options?: object; as?: 'player' | 'spectator'; data?: unknown } = {}): Promise<Room<State>> {
    return this.#join({ type: 'room.join', kind, ...options });
  }

  async list(options: { kind?: string; match?: object; limit?: number; after?: string } = {}): Promise<RoomPage> {
    const { rooms, after } = await this.patience.request({ type: 'room.list', ...options });
    return { rooms, after };
  }

  /** Waits for enough players, through lost connections too; then `join` the seat. */
  match(kind: string, { match, signal }: { match?: object; signal?: AbortSignal } = {}): Promise<Seat> {
    if (this.#matches.has(kind)) return Promise.reject(new BrokerError('conflict', `Already waiting for ${kind}`));
    return new Promise((resolve, reject) => {
      signal?.throwIfAborted();
      const end = () => {
        this.#matches.delete(kind);
        signal?.removeEventListener('abort', abort);
      };
      const fail = (error: unknown) => { end(); reject(error); };
      const abort = () => {
        this.connection.request({ type: 'match.leave', kind }).catch(() => { });
        fail(signal!.reason);
      };
      const ask = () => this.connection.ask({ type: 'match.join', kind, ...(match && { match }) }, (_, error) => {
        if (error && error.code !== 'closed') fail(error);
      });
      signal?.addEventListener('abort', abort);
      this.#matches.set(kind, { ask, found: seat => { end(); resolve(seat); }, reject: fail });
      if (this.connection.status.state === CLOSED) fail(new BrokerError('closed', 'The connection is closed')); else ask();
    });
  }

  /** @internal */
  push(message: Wire): void {
    if (message.type === 'match.found') this.#matches.get(message.kind)?.found({ room: message.room, token: message.token });
    else this.#rooms.get(message.room)?.push(message);
  }

  async #join<State>(message: Wire): Promise<Room<State>> {
    await this.patience.opened();
    return new Promise((resolve, reject) => this.connection.ask(message, (joined, error) => {
      if (error) {
        reject(error);
        return;
      }
      this.#rooms.get(joined!.room)?.close('replaced');
      const room = new Room<State>(joined!, this.connection, () => { if (this.#rooms.get(room.id) === room as Room) this.#rooms.delete(room.id); });
      this.#rooms.set(room.id, room as Room);
      resolve(room);
    }));
  }
}
