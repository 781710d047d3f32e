// What the browser tests stand on: a panel of their own, and a page that is watched for what no page may do.

import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import AxeBuilder from '@axe-core/playwright';
import { test as base, expect } from '@playwright/test';

import { Client } from '../lib/client.js';
import { Panel, command, settings } from '../lib/panel.js';
import { freePorts } from '../lib/ports.js';

export { expect };

/** As long as names may be. */
export const LONG_NAMES = { user: 'Administrator'.repeat(5).slice(0, 64), server: 'competitive'.repeat(6).slice(0, 63) };

export const PASSWORD = 'correct horse battery';

/** A panel with its directory, and ways to fill it. */
class Site {
  #names = 0;
  #nextPort;
  #installed = false;

  /** `lane`: which of the panels that run at the same time this is; each has ports of its own. */
  constructor(panel, environment, lane) {
    this.#nextPort = 12000 + lane * 5000 + Math.floor(Math.random() * 4000);
    this.panel = panel;
    this.environment = environment;
    this.url = panel.url;
  }

  /** A user that no other test has, signed up through the API. */
  async newUser(username = this.newName('user')) {
    const client = await new Client(this.url).signUp(username, PASSWORD);
    return { username, client };
  }

  /** Ends a server's game by hand, as an admin on the host might. Says whether there was one. */
  killGame(server) {
    let killed = false;
    for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
      let words;
      try {
        words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
      } catch {
        // It ended while we looked.
        continue;
      }
      if (!words[0].includes('srcds') || words[words.indexOf('-port') + 1] !== String(server.port)) continue;
      process.kill(Number(pid), 'SIGKILL');
      killed = true;
    }
    return killed;
  }

  /** Stops the panel, does something, and starts it again at the same address. Servers go on running meanwhile. */
  async restart(during) {
    await this.panel.stop();
    try {
      await during();
    } finally {
      this.panel = await Panel.start({ ...this.environment, BIND: new URL(this.url).host });
    }
  }

  /** Ends all games: they would outlive the panel. */
  async stopServers() {
    const { client } = await this.newAdmin();
    const servers = await client.list('/servers?all=true&limit=200');
    const up = servers.filter(({ actual_state: state, active_job: job }) => state !== 'stopped' || job !== null);
    await Promise.all(up.map(({ id }) => client.runJob(`/servers/${id}/jobs`, 'stop')));
  }

  newName(kind) {
    this.#names += 1;
    return `${kind}-${this.#names}`;
  }

  /** A port that no server has. */
  async freePort() {
    const [port] = await freePorts(this.#nextPort, 1);
    this.#nextPort = port + 1;
    return port;
  }

  /** A server with a blueprint of its own, not started. */
  async newServer(client, name = this.newName('server')) {
    const port = await this.freePort();
    const blueprint = await client.post('/blueprints', {
      name: `${name} blueprint`,
      arguments: ['+map c1m1_hotel'],
      config: ['hostname "e2e"'],
      overlay_ids: [],
    });
    return client.post('/servers', { name, port, blueprint_id: blueprint.id });
  }

  /** A user with all rights. */
  async newAdmin(username = this.newName('user')) {
    const admin = await this.newUser(username);
    await command(this.environment, 'promote-admin', admin.username);
    return admin;
  }

  /** An overlay of the catalog whose directory is there, made by an admin's client. */
  async newOverlay(admin, name = this.newName('overlay')) {
    mkdirSync(path.join(this.environment.L4D2_ROOT, 'overlays', name), { recursive: true });
    return admin.client.post('/overlays', { name, path: name });
  }

  /** Tells the stand-in for SteamCMD how to behave, such as `flood:3000` or `hang`; nothing: as it should. */
  tellSteamcmd(mode = '') {
    writeFileSync(path.join(this.environment.L4D2_ROOT, 'standin-steamcmd.conf'), `MODE=${mode}\n`);
  }

  /** Installs the stand-in for the game, once: it would be refused while servers of other tests run. */
  async install() {
    if (this.#installed) return;
    const { client } = await this.newAdmin();
    await client.runJob('/jobs', 'install');
    this.#installed = true;
  }
}

export const test = base.extend({
  /** Names the panel of a test file. Another name is another panel, so that no file finds what a different one left. */
  panelOf: ['', { option: true, scope: 'worker' }],

  site: [
    // The name is not read: that it differs makes a worker, and so a panel, of its own.
    async ({ panelOf: _ }, use, worker) => {
      const directory = mkdtempSync(path.join(tmpdir(), 'l4d2-e2e-'));
      // Tests sign up more often from one address than people do.
      const environment = settings(directory, { LOGIN_RATE_BURST: '1000', STANDIN_STEAMCMD_MS: '200' });
      const log = [];
      try {
        const panel = await Panel.start(environment, (line) => log.push(line));
        const site = new Site(panel, environment, worker.parallelIndex);
        try {
          await use(site);
          await site.stopServers();
        } finally {
          await site.panel.stop();
        }
      } catch (error) {
        process.stderr.write(`${log.join('\n')}\n`);
        throw error;
      } finally {
        rmSync(directory, { recursive: true, force: true });
      }
    },
    { scope: 'worker' },
  ],

  baseURL: async ({ site }, use) => use(site.url),

  /** Makes calls fail, until `mend` lets them through again; what the browser says of it is no fault of the page. */
  failing: async ({ page }, use) => {
    const failing = { addresses: [] };
    failing.fail = async (...addresses) => {
      for (const address of addresses) {
        const url = new RegExp(`/api/v1${address}$`);
        failing.addresses.push(url);
        await page.route(url, (route) => route.fulfill(OUT_OF_ORDER));
      }
    };
    failing.mend = async () => {
      for (const url of failing.addresses) await page.unroute(url);
    };
    await use(failing);
  },

  // Watches every page for errors in the console, refused content, and requests to anybody but the panel.
  watched: [
    async ({ page, site, failing }, use) => {
      const faults = [];
      page.on('console', (message) => {
        const expected = ALLOWED_STATUS.some(
          ([place, status]) =>
            new RegExp(`^${site.url}/api/v1${place}$`).test(message.location().url) &&
            message.text().includes(`status of ${status} `),
        );
        // While a test has stopped the panel, or the network.
        const cut = CUT.test(message.text());
        const failed = failing.addresses.some((url) => url.test(message.location().url));
        if (['error', 'warning'].includes(message.type()) && !expected && !cut && !failed) {
          faults.push(`${message.type()}: ${message.text()} (${message.location().url})`);
        }
      });
      page.on('pageerror', (error) => faults.push(`uncaught: ${error}`));
      page.on('request', (request) => {
        const url = new URL(request.url());
        if (url.origin !== site.url && url.protocol !== 'data:') faults.push(`request to ${url.origin}`);
      });
      await use();
      expect(faults).toEqual([]);
    },
    { auto: true },
  ],
});

// What a panel says that is broken inside.
const OUT_OF_ORDER = {
  status: 500,
  contentType: 'application/problem+json',
  body: JSON.stringify({
    type: '/api/v1/docs#internal',
    title: 'Internal Server Error',
    status: 500,
    detail: 'something went wrong inside the panel',
    code: 'internal',
    errors: [],
  }),
};

// How a browser tells that a connection came to its end, or to nothing.
const CUT =
  /net::ERR_(CONNECTION_(REFUSED|RESET|CLOSED)|EMPTY_RESPONSE|INCOMPLETE_CHUNKED_ENCODING|INTERNET_DISCONNECTED)/;

// The browser writes an error into the console for each of these, though the page asked and wanted to know.
const ALLOWED_STATUS = [
  ['/auth/me', 401],
  ['/auth/login', 401],
  ['/auth/signup', 400],
  ['/auth/signup', 409],
  ['/auth/password', 400],
  ['/auth/tokens', 409],
  // A token of the session before, which is renewed.
  ['/blueprints', 400],
  ['/blueprints', 409],
  ['/blueprints/preview', 400],
  ['/blueprints/\\d+', 400],
  ['/blueprints/\\d+', 409],
  ['/overlays', 400],
  ['/overlays/\\d+', 409],
  ['/users/\\d+', 409],
  // A session may end while the page fetches.
  ['/(servers|blueprints|overlays|jobs)\\?limit=\\d+', 401],
  ['/events', 401],
  ['/(servers/\\d+/logs|jobs/\\d+)/stream.*', 401],
  ['/blueprints/preview', 401],
  ['/servers', 400],
  ['/servers', 409],
  ['/(servers|jobs)/\\d+', 403],
  ['/(servers|jobs)/\\d+', 404],
];

/** Signs in as a person would. */
export async function signIn(page, username) {
  await page.goto('/sign-in');
  await page.getByLabel('Name', { exact: true }).fill(username);
  await page.getByLabel('Password', { exact: true }).fill(PASSWORD);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await expect(page.getByRole('heading', { name: 'Servers', exact: true })).toBeVisible();
}

/**
 * Presses "Copy" and sees it say "Copied". It does so for two seconds only, so the page itself looks: nobody who comes now
 * and then misses it.
 */
export async function copy(page) {
  const button = page.getByRole('button', { name: 'Copy', exact: true });
  const copied = await button.evaluateHandle((element) => {
    const said = new Promise((resolve) => {
      new MutationObserver(() => element.textContent === 'Copied' && resolve()).observe(element, {
        characterData: true,
        childList: true,
        subtree: true,
      });
    });
    return { said };
  });
  await button.click();
  await copied.evaluate(({ said }) => said);
}

/** The page breaks none of axe's rules for WCAG 2.1 AA. */
export async function expectAccessible(page) {
  const { violations } = await new AxeBuilder({ page }).withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa']).analyze();
  expect(violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(' ')}`)).toEqual([]);
}

/** Looks at the page on a desk and on a phone; it must fit both, accessibly. */
export async function expectFits(page, name) {
  for (const [width, height] of [
    [1280, 800],
    [360, 740],
  ]) {
    await page.setViewportSize({ width, height });
    const overflow = await page.evaluate(
      () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
    );
    expect(overflow, `${name} at ${width} px is wider than the screen`).toBe(0);
    await expectAccessible(page);
    await page.screenshot({ path: `screenshots/${name}-${width}.png`, fullPage: true });
  }
  await page.setViewportSize({ width: 1280, height: 800 });
}
