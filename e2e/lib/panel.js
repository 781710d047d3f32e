// Starts the real panel with stand-ins for SteamCMD and the game, and stops it again.
//
// What it starts is in a process group of its own, so that a Ctrl-C in the terminal reaches only the program that uses
// this file, which then stops the servers before the panel.

import { spawn, execFile } from 'node:child_process';
import { createInterface } from 'node:readline';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import path from 'node:path';
import { promisify } from 'node:util';

export const REPOSITORY = fileURLToPath(new URL('../..', import.meta.url));

const START_LIMIT_MS = 60_000;
const STOP_LIMIT_MS = 60_000;

/** The directory that holds the built programs. */
export function programs() {
  const directory =
    process.env.L4D2_BIN_DIR ?? path.join(process.env.CARGO_TARGET_DIR ?? path.join(REPOSITORY, 'target'), 'debug');
  for (const name of ['l4d2-web', 'l4d2ctl', 'standin-steamcmd', 'standin-srcds']) {
    if (!existsSync(path.join(directory, name))) {
      throw new Error(`${name} is not in ${directory}: run 'cargo build' or set L4D2_BIN_DIR`);
    }
  }
  return directory;
}

/** The settings of a panel whose data lies in `directory`. Nothing of the caller's own settings gets in. */
export function settings(directory, overrides = {}) {
  const bin = programs();
  return {
    PATH: process.env.PATH,
    HOME: process.env.HOME ?? directory,
    DATA_DIR: path.join(directory, 'panel'),
    L4D2_ROOT: path.join(directory, 'l4d2'),
    BIND: '127.0.0.1:0',
    SUPERVISOR: 'embedded',
    STEAMCMD: path.join(bin, 'standin-steamcmd'),
    FRONTEND_DIST: path.join(REPOSITORY, 'dist'),
    // It is reached over plain HTTP on loopback only.
    INSECURE_COOKIES: 'true',
    ...overrides,
  };
}

/** Runs `l4d2-web ARGUMENTS…` beside the panel and gives its standard output. */
export async function command(environment, ...args) {
  const { stdout } = await promisify(execFile)(path.join(programs(), 'l4d2-web'), args, { env: environment });
  return stdout;
}

/** A running panel. */
export class Panel {
  #process;
  #ended;

  constructor(child, ended, url) {
    this.#process = child;
    this.#ended = ended;
    this.url = url;
  }

  /** Starts it and waits until it says where it listens. `log` takes each line it prints. */
  static async start(environment, log = () => {}) {
    const child = spawn(path.join(programs(), 'l4d2-web'), ['serve'], {
      env: environment,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const ended = new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('exit', (code, signal) => resolve(signal ?? code));
    });
    const recent = [];
    const listening = new Promise((resolve) => {
      for (const stream of [child.stdout, child.stderr]) {
        createInterface({ input: stream }).on('line', (line) => {
          recent.push(line);
          recent.splice(0, recent.length - 50);
          log(line);
          const match = /^listening on (http:\/\/\S+)$/.exec(line);
          if (match) resolve(match[1]);
        });
      }
    });
    try {
      const url = await within(
        START_LIMIT_MS,
        Promise.race([
          listening,
          ended.then((end) => {
            throw new Error(`the panel ended (${end}) before it listened`);
          }),
        ]),
        'the panel did not say that it listens',
      );
      return new Panel(child, ended, url.replace(/\/$/, ''));
    } catch (error) {
      child.kill('SIGKILL');
      throw new Error(`${error.message}\n${recent.join('\n')}`);
    }
  }

  get pid() {
    return this.#process.pid;
  }

  /** How it ended: its exit status or the signal's name. */
  get ended() {
    return this.#ended;
  }

  /** Asks it to end and waits for that. */
  async stop() {
    this.#process.kill('SIGTERM');
    try {
      return await within(STOP_LIMIT_MS, this.#ended, 'the panel did not end');
    } catch (error) {
      this.#process.kill('SIGKILL');
      throw error;
    }
  }
}

/** `promise`, or an error with `message` after so many milliseconds. */
export async function within(milliseconds, promise, message) {
  let timer;
  const limit = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${message} within ${milliseconds / 1000} s`)), milliseconds);
  });
  try {
    return await Promise.race([promise, limit]);
  } finally {
    clearTimeout(timer);
  }
}
