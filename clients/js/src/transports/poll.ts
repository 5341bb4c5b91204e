import { Session, closeOf } from './session.ts';
import type { Opener } from './transport.ts';

const WAIT = 20000;    // ms; less than the heartbeat, so that no ping is due where nothing is said
const SLACK = 8000;
const RETRIES = [500, 1000, 2000];

class Polling extends Session {
  #cursor = '';

  async run(): Promise<void> {
    let failures = 0;
    for (; ;) {
      try {
        await this.#poll();
        failures = 0;
      } catch {
        // The cursor has not moved: what an answer that was lost had in it comes again.
        if (this.stopped.signal.aborted) return;
        if (!this.session || failures === RETRIES.length) {
          this.end(1006, '');
          return;
        }
        await this.pause(RETRIES[failures++]);
      }
      if (this.stopped.signal.aborted) return;
    }
  }

  async #poll(): Promise<void> {
    const opening = !this.session;
    const url = this.address(opening ? 'poll' : `poll/${this.session}`);
    if (!opening) {
      url.searchParams.set('cursor', this.#cursor);
      url.searchParams.set('wait', `${WAIT}`);
    } else if (this.target.batch) {
      url.searchParams.set('batch', `${this.target.batch}`);
    }
    const asked = new AbortController();
    const stop = () => asked.abort();
    this.stopped.signal.addEventListener('abort', stop);
    const { environment } = this.target;
    const timer = environment.setTimeout(() => this.end(1006, 'no answer to poll'), WAIT + SLACK);
    try {
      const response = await this.fetch(opening ? 'POST' : 'GET', url, { signal: asked.signal });
      // Another poll waits: the node has not noticed that it was given up.
      if (response.status === 409) throw response;
      if (!response.ok) {
        this.end(...closeOf(response));
        return;
      }
      const { messages, cursor } = await response.json();
      if (this.stopped.signal.aborted) return;
      this.#cursor = cursor;
      if (opening) this.listener.opened();
      this.listener.heard();
      this.takeAll(messages, JSON.stringify(messages));
    } finally {
      environment.clearTimeout(timer);
      this.stopped.signal.removeEventListener('abort', stop);
    }
  }
}

export const openPoll: Opener = (target, listener) => {
  const polling = new Polling(target, listener);
  void polling.run();
  return polling;
};
