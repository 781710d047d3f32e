// `make demo`: the panel with stand-ins for SteamCMD and the game, and something to look at in it.
//
// Everything is made through the panel's own API and command line, as a person would do it, and only what is missing:
// a second run finds the first one's data. Ctrl-C stops the servers, then the panel.

import { mkdirSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import path from 'node:path';

import { Client, ApiProblem } from '../lib/client.js';
import { Panel, REPOSITORY, command, settings } from '../lib/panel.js';
import { freePorts, isFree } from '../lib/ports.js';

const DIRECTORY = path.resolve(process.env.L4D2_DEMO_DIR ?? path.join(REPOSITORY, 'demo-data'));
const PORT = Number(process.env.L4D2_DEMO_PORT ?? 8080);
const USERNAME = 'demo';

const OVERLAYS = [
  {
    name: 'Competitive rework',
    path: 'competitive',
    files: {
      'left4dead2/cfg/competitive.cfg': 'echo "competitive rework (demo)"\nmp_gamemode versus\n',
      'left4dead2/addons/competitive.txt': 'In a real panel the addon would lie here.\n',
    },
  },
  {
    name: 'Message of the day',
    path: 'motd',
    files: { 'left4dead2/motd.txt': 'Welcome to the demo. No real game runs here.\n' },
  },
];

const BLUEPRINTS = [
  {
    name: 'comp',
    overlays: ['Competitive rework', 'Message of the day'],
    arguments: ['+map c1m1_hotel', '+mp_gamemode versus', '-tickrate 60'],
    config: ['hostname "Demo: comp"', 'exec competitive.cfg', 'sv_alltalk 0'],
  },
  {
    name: 'coop',
    overlays: ['Message of the day'],
    arguments: ['+map c2m1_highway'],
    config: ['hostname "Demo: coop"', 'z_difficulty normal'],
  },
];

const SERVERS = [
  { name: 'alpha', blueprint: 'comp', run: true },
  { name: 'bravo', blueprint: 'coop', run: true },
  { name: 'charlie', blueprint: 'coop', run: false },
];

function say(text = '') {
  process.stdout.write(`${text}\n`);
}

/** The demo's password, made at its first run. */
function password() {
  const file = path.join(DIRECTORY, 'password');
  if (!existsSync(file)) writeFileSync(file, randomBytes(9).toString('base64url'), { mode: 0o600 });
  return readFileSync(file, 'utf8').trim();
}

async function signIn(url, secret) {
  const client = new Client(url);
  try {
    return await client.signUp(USERNAME, secret);
  } catch (error) {
    if (!(error instanceof ApiProblem) || error.status !== 409) throw error;
    return client.signIn(USERNAME, secret);
  }
}

function writeOverlays(root) {
  for (const overlay of OVERLAYS) {
    for (const [name, text] of Object.entries(overlay.files)) {
      const file = path.join(root, overlay.path, name);
      mkdirSync(path.dirname(file), { recursive: true });
      writeFileSync(file, text);
    }
  }
}

/** Makes what of `wanted` isn't in the list yet; gives all of the list's items by name. */
async function ensure(client, listPath, wanted) {
  const known = new Map((await client.list(listPath)).map((item) => [item.name, item]));
  for (const body of wanted) {
    if (!known.has(body.name)) known.set(body.name, await client.post(listPath, body));
  }
  return known;
}

async function seed(client, environment) {
  writeOverlays(path.join(environment.L4D2_ROOT, 'overlays'));
  const overlays = await ensure(
    client,
    '/overlays',
    OVERLAYS.map(({ name, path: below }) => ({ name, path: below })),
  );
  const blueprints = await ensure(
    client,
    '/blueprints',
    BLUEPRINTS.map(({ overlays: names, ...blueprint }) => ({
      ...blueprint,
      overlay_ids: names.map((name) => overlays.get(name).id),
    })),
  );
  const host = await client.get('/host');
  if (!host.installation.present) {
    say('Installing the stand-in for the game…');
    await client.runJob('/jobs', 'install');
  }
  const ports = await freePorts(27015, SERVERS.length);
  const servers = await ensure(
    client,
    '/servers',
    SERVERS.map(({ name, blueprint }, index) => ({
      name,
      port: ports[index],
      blueprint_id: blueprints.get(blueprint).id,
    })),
  );
  for (const { name, run } of SERVERS) {
    const server = servers.get(name);
    if (run && server.actual_state !== 'running') {
      say(`Starting ${name} on port ${server.port}…`);
      await client.runJob(`/servers/${server.id}/jobs`, 'start');
    }
  }
}

async function stopServers(client) {
  for (const server of await client.list('/servers?all=true')) {
    if (server.actual_state === 'stopped' && !server.active_job) continue;
    say(`Stopping ${server.name}…`);
    await client.runJob(`/servers/${server.id}/jobs`, 'stop');
  }
}

function greet(url, secret) {
  say();
  say('  The demo is ready.');
  say();
  say(`    Address:   ${url}`);
  say(`    Name:      ${USERNAME}   (an admin)`);
  say(`    Password:  ${secret}`);
  say();
  say('  This is a demo: no real game runs. SteamCMD and the game server are stand-ins that');
  say('  behave like them; nothing was downloaded from Steam and nobody can join.');
  say(`  Its data is in ${DIRECTORY}; delete it to begin anew.`);
  say('  Ctrl-C stops the servers and the panel.');
  say();
}

async function main() {
  mkdirSync(DIRECTORY, { recursive: true, mode: 0o700 });
  const secret = password();
  const bind = `127.0.0.1:${(await isFree(PORT)) ? PORT : 0}`;
  const environment = settings(DIRECTORY, { BIND: bind, LOG_FILTER: process.env.LOG_FILTER ?? 'warn' });
  const asked = new Promise((resolve) => {
    process.on('SIGINT', () => resolve('asked'));
    process.on('SIGTERM', () => resolve('asked'));
  });
  const panel = await Panel.start(environment, say);
  let client;
  const prepared = (async () => {
    client = await signIn(panel.url, secret);
    await command(environment, 'promote-admin', USERNAME);
    await seed(client, environment);
    greet(panel.url, secret);
  })();
  // An error in the preparation ends the demo; its success doesn't.
  const failed = prepared.then(() => new Promise(() => {}));
  try {
    const end = await Promise.race([asked, panel.ended, failed]);
    if (end !== 'asked') throw new Error(`the panel ended (${end})`);
    say();
    await prepared.catch(() => {});
  } finally {
    try {
      if (client) await stopServers(client);
    } finally {
      await panel.stop();
    }
  }
  say('Stopped.');
}

main().catch((error) => {
  process.stderr.write(`error: ${error.message}\n`);
  process.exitCode = 1;
});
