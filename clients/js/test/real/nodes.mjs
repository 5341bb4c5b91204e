// Nodes of their own processes, on ports that the system chooses, and tokens for them.

import { spawn } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const PROGRAM = process.env.BROKER_NODE ?? fileURLToPath(new URL('../../../../Broker.Node/bin/Debug/net10.0/Broker.Node.dll', import.meta.url));
const SECRET = 'a secret for the tests of the client, which is long enough';

export class Node {
  #process;
  #directory = mkdtempSync(join(tmpdir(), 'broker-node-'));
  #output = [];
  ended;

  /** @param settings keys below `broker.` */
  static async start({ seeds = [], settings = {} } = {}) {
    const node = new Node();
    const environment = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('BROKER_')));
    for (const [key, value] of Object.entries(settings)) environment[`BROKER__${key.toUpperCase().replaceAll('.', '__').replaceAll('-', '_')}`] = `${value}`;
    const ports = ['--port', '0', '--ops-port', '0', '--cluster-port', '0'];
    node.#process = spawn(process.env.DOTNET_HOST_PATH ?? 'dotnet', ['exec', PROGRAM, ...ports, ...seeds.flatMap(seed => ['--seed', seed])], { cwd: node.#directory, env: environment, stdio: ['ignore', 'pipe', 'pipe'] });
    node.ended = new Promise(resolve => node.#process.once('exit', resolve));
    await node.#ready();
    return node;
  }

  async #ready() {
    const lines = createInterface({ input: this.#process.stdout });
    for await (const line of lines) {
      this.#output.push(line);
      this.port ??= Number(/\blistening on https?:\/\/[^\s,;]+:(\d+)/.exec(line)?.[1]) || undefined;
      this.cluster ??= /\bcluster on ([^\s,;]+:\d+)/.exec(line)?.[1];
      if (/\bready\b.*https?:\/\//.test(line)) break;
    }
    if (!this.port) throw new Error(`The node did not start:\n${this.#output.join('\n')}`);
    this.#process.stdout.resume();
    this.#process.stderr.resume();
  }

  /** In order, so that its clients are told. */
  async stop(signal = 'SIGTERM') {
    this.#process.kill(signal);
    await this.ended;
    rmSync(this.#directory, { recursive: true, force: true });
  }
}

/** What a node needs to take the tokens below. */
export const TOKENS = { 'auth.keys.0.algorithm': 'HS256', 'auth.keys.0.secret': SECRET, 'auth.skew': '0s' };

const part = value => Buffer.from(JSON.stringify(value)).toString('base64url');

export function token(user, life = 3600) {
  const now = Math.floor(Date.now() / 1000);
  const rights = { subscribe: ['>'], publish: ['>'], history: ['>'], presence: ['>'] };
  const signed = `${part({ alg: 'HS256', typ: 'JWT' })}.${part({ sub: user, iat: now, exp: now + life, broker: rights })}`;
  return `${signed}.${createHmac('sha256', SECRET).update(signed).digest('base64url')}`;
}
