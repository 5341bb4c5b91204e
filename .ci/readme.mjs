// Runs README.md from top to bottom on a fresh clone with an empty package cache, and checks that every command does what is
// printed there. Needs git, the .NET SDK, Node.js, curl and the ports 8080 to 8082.
//   node .ci/readme.mjs            all but the tests, which .ci/run runs
//   node .ci/readme.mjs --tests    the tests as well
import { spawn, execFileSync } from 'node:child_process';
import { mkdtempSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import vm from 'node:vm';

const source = dirname(dirname(fileURLToPath(import.meta.url)));
const work = mkdtempSync(join(tmpdir(), 'broker-readme-'));
const clone = join(work, 'broker');
const environment = { ...process.env, NUGET_PACKAGES: join(work, 'packages'), DOTNET_NOLOGO: '1', DOTNET_CLI_TELEMETRY_OPTOUT: '1' };
const running = new Set();
const withTests = process.argv.includes('--tests');

class Program {
  constructor(command) {
    this.command = command;
    this.output = '';
    this.waiting = [];
    this.child = spawn('bash', ['-c', `exec ${command}`], { cwd: clone, env: environment, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
    running.add(this);
    const take = data => {
      this.output += data;
      this.waiting = this.waiting.filter(look => !look());
    };
    this.child.stdout.on('data', take);
    this.child.stderr.on('data', take);
    this.ended = new Promise(resolve => this.child.on('close', code => {
      running.delete(this);
      this.code = code;
      take('');
      resolve(code);
    }));
  }

  line(pattern, seconds = 300) {
    return new Promise((resolve, reject) => {
      const limit = setTimeout(() => reject(new Error(`${this.command}: no ${pattern} after ${seconds} s:\n${this.output}`)), seconds * 1000);
      const look = () => {
        const found = pattern.exec(this.output);
        if (found || this.code !== undefined) {
          clearTimeout(limit);
          found ? resolve(found) : reject(new Error(`${this.command}: ended with ${this.code}:\n${this.output}`));
        }
        return found || this.code !== undefined;
      };
      if (!look()) this.waiting.push(look);
    });
  }

  async interrupt() {
    process.kill(-this.child.pid, 'SIGINT');
    check(await this.ended === 0, `${this.command}: Ctrl+C ended it with ${this.code}:\n${this.output}`);
  }
}

function check(condition, text) {
  if (!condition) throw new Error(text);
}

async function finish(command) {
  const program = new Program(command);
  check(await program.ended === 0, `${command}: ended with ${program.code}:\n${program.output}`);
  return program.output;
}

async function page(url) {
  const answer = await fetch(url);
  check(answer.status === 200 && (await answer.text()).includes('<html'), `${url}: ${answer.status}`);
}

// What a block of text prints, where … stands for anything.
function matches(line, printed) {
  return new RegExp(`^${printed.split('…').map(part => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('.*')}$`).test(line);
}

// One that does not come back: what is written there connects again when its node has stopped.
class BrowserConsole {
  constructor(WebSocket) {
    this.lines = [];
    this.context = vm.createContext({ WebSocket, setTimeout: () => { }, console: { log: text => this.lines.push(text) } });
  }

  run(code) {
    vm.runInContext(code, this.context);
  }

  async line(match, what) {
    for (const end = Date.now() + 20_000; ;) {
      const found = this.lines.find(match);
      if (found) return found;
      check(Date.now() < end, `no ${what} in ${JSON.stringify(this.lines)}`);
      await new Promise(resolve => setTimeout(resolve, 20));
    }
  }
}

async function main() {
  execFileSync('git', ['clone', '--quiet', source, clone]);
  mkdirSync(environment.NUGET_PACKAGES);
  const peers = join(clone, 'Broker.Tests', 'Clients', 'node');
  execFileSync('npm', ['ci', '--no-audit', '--no-fund', '--silent'], { cwd: peers });
  const WebSocket = createRequire(join(peers, 'x.js'))('ws');
  const text = readFileSync(join(clone, 'README.md'), 'utf8');
  const blocks = [...text.matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)].map(([, language, body]) => ({ language, body: body.trim() }));
  const subscription = blocks.find(block => block.language === 'js').body;
  let nodes = [];
  let browser;
  for (const { language, body } of blocks) {
    console.log(`${language}: ${body.split('\n')[0]}`);
    if (language === 'sh' && body === 'dotnet run --project Broker.Node') {
      nodes = [new Program(body)];
      await nodes[0].line(/ready/);
      await page('http://localhost:8080/');
    } else if (language === 'sh' && body === 'dotnet test') {
      if (withTests) await finish(body);
    } else if (language === 'js' && !browser) {
      browser = new BrowserConsole(WebSocket);
      browser.run(body);
      await browser.line(line => line.includes('"subscribed"'), 'subscribed');
    } else if (language === 'js') {
      browser.run(body);
    } else if (language === 'javascript') {
      // Of a page; Node.js imports from no address, and has a WebSocket only when asked.
      writeFileSync(join(work, 'broker.mjs'), await (await fetch('http://localhost:8080/broker.js')).text());
      writeFileSync(join(work, 'module.mjs'), body.replace('http://localhost:8080/broker.js', './broker.mjs'));
      const module = new Program(`node --experimental-websocket ${join(work, 'module.mjs')}`);
      await module.line(/Hello!/, 20);
      process.kill(-module.child.pid, 'SIGKILL');
      await module.ended;
    } else if (language === '') {
      for (const printed of body.split('\n')) await browser.line(line => matches(line, printed), printed);
    } else if (language === 'sh' && body.startsWith('dotnet build Broker.Node\n')) {
      for (const node of nodes.splice(0)) await node.interrupt();
      const [build, ...runs] = body.split('\n');
      await finish(build);
      nodes = runs.map(command => new Program(command));
      await Promise.all(nodes.map(node => node.line(/ready/)));
      await page('http://localhost:8080/?ws=ws://localhost:8081/ws');
      const stopped = nodes.splice(1, 1)[0];
      await stopped.interrupt();
      const again = new Program(stopped.command);
      nodes.push(again);
      await again.line(/ready/);
      for (const node of nodes.splice(0)) await node.interrupt();
    } else if (language === 'csharp') {
      // The sample's, which a spec compares.
    } else if (language === 'sh' && body.startsWith('dotnet run --project samples/Host\n')) {
      const [run, announce] = body.split('\n');
      nodes = [new Program(run)];
      await nodes[0].line(/ready/);
      const listener = new BrowserConsole(WebSocket);
      listener.run(subscription.replace(/type: 'subscribe'.*? }/, "type: 'subscribe', topic: 'news' }"));
      await listener.line(line => line.includes('"subscribed"'), 'subscribed');
      await finish(announce);
      await listener.line(line => line.includes('"topic":"news"') && line.includes('Hello'), 'announcement');
      await nodes.pop().interrupt();
    } else {
      throw new Error(`nothing is known of this block of README.md:\n${body}`);
    }
  }
  const status = execFileSync('git', ['status', '--porcelain'], { cwd: clone, encoding: 'utf8' });
  check(status === '', `git status is not clean:\n${status}`);
  console.log('README.md does what it says');
}

try {
  await main();
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
} finally {
  for (const program of running) process.kill(-program.child.pid, 'SIGKILL');
  rmSync(work, { recursive: true, force: true });
  // Sockets of the consoles are still open.
  process.exit();
}
