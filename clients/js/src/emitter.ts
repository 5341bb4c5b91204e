/** Handlers by the name of what they hear of. */
export class Emitter<Events extends object> {
  #handlers = new Map<keyof Events, Set<(value: never) => void>>();

  /** Calls `handler` for each event of that name from now on; returns how to stop that. */
  on<Name extends keyof Events>(name: Name, handler: (value: Events[Name]) => void): () => void {
    let handlers = this.#handlers.get(name);
    if (!handlers) this.#handlers.set(name, handlers = new Set());
    handlers.add(handler);
    return () => { handlers.delete(handler); };
  }

  /** @internal */
  hears(name: keyof Events): boolean {
    return !!this.#handlers.get(name)?.size;
  }

  /** A handler that throws is a fault of the application: it is reported, and stops neither the others nor the connection. @internal */
  emit<Name extends keyof Events>(name: Name, value: Events[Name]): void {
    for (const handler of [...this.#handlers.get(name) ?? []]) {
      try {
        (handler as (value: Events[Name]) => void)(value);
      } catch (error) {
        queueMicrotask(() => { throw error; });
      }
    }
  }
}

/** What an iterator has not taken yet. It is bounded: of more the oldest go, and `lost` says what stands in their place. */
export class Backlog<Item> implements AsyncIterableIterator<Item> {
  #items: Item[] = [];
  #taken: { resolve(result: IteratorResult<Item>): void; reject(error: unknown): void } | null = null;
  #end: { error?: unknown } | null = null;

  constructor(private bound: number, private lost: () => Item, private left: (backlog: Backlog<Item>) => void) { }

  push(item: Item): void {
    if (this.#end) return;
    if (this.#taken) {
      this.#taken.resolve({ value: item, done: false });
      this.#taken = null;
      return;
    }
    if (this.#items.length >= this.bound) {
      this.#items.splice(0, 2, this.lost());
    }
    this.#items.push(item);
  }

  end(error?: unknown): void {
    if (this.#end) return;
    this.#end = { error };
    if (!this.#taken) return;
    if (error) this.#taken.reject(error); else this.#taken.resolve({ value: undefined, done: true });
    this.#end = {};
    this.#taken = null;
  }

  next(): Promise<IteratorResult<Item>> {
    if (this.#items.length > 0) return Promise.resolve({ value: this.#items.shift()!, done: false });
    if (this.#end) {
      const { error } = this.#end;
      this.#end = {};
      return error ? Promise.reject(error) : Promise.resolve({ value: undefined, done: true });
    }
    return new Promise((resolve, reject) => { this.#taken = { resolve, reject }; });
  }

  return(): Promise<IteratorResult<Item>> {
    this.end();
    this.#items = [];
    this.left(this);
    return Promise.resolve({ value: undefined, done: true });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}
