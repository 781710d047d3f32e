// `make bench`: what the panel costs on this machine. Each figure is one line; nothing passes or fails here.
//
// The client runs on the same cores as the panel, so rates are lower bounds. Every loop is bounded.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { performance } from 'node:perf_hooks';

import { Client } from '../lib/client.js';
import { Panel, command, settings } from '../lib/panel.js';
import { freePorts } from '../lib/ports.js';

const PASSWORD = 'a password for benchmarks';
const SERVERS = 50;
const STARTED = 20;
const REQUESTS = 20_000;
const CONNECTIONS = 16;
const LINES = 200_000;

function report(name, value, unit) {
  process.stdout.write(`${name.padEnd(44)} ${String(value).padStart(10)} ${unit}\n`);
}

async function timed(work) {
  const began = performance.now();
  const result = await work();
  return { result, milliseconds: performance.now() - began };
}

function residentMebibytes(pid) {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Math.round(Number(/VmRSS:\s+(\d+) kB/.exec(status)[1]) / 1024);
}

function percentile(sorted, share) {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
}

/** Many GETs of one path over kept connections. */
async function measureRate(url, token) {
  const agent = new http.Agent({ keepAlive: true, maxSockets: CONNECTIONS });
  const get = () =>
    new Promise((resolve, reject) => {
      const began = performance.now();
      http
        .get(url, { agent, headers: { authorization: `Bearer ${token}` } }, (response) => {
          if (response.statusCode !== 200) reject(new Error(`GET ${url}: status ${response.statusCode}`));
          response.resume().on('end', () => resolve(performance.now() - began));
        })
        .on('error', reject);
    });
  const latencies = [];
  const { milliseconds } = await timed(() =>
    Promise.all(
      Array.from({ length: CONNECTIONS }, async () => {
        for (let count = 0; count < REQUESTS / CONNECTIONS; count += 1) latencies.push(await get());
      }),
    ),
  );
  agent.destroy();
  latencies.sort((a, b) => a - b);
  return { perSecond: Math.round((latencies.length / milliseconds) * 1000), latencies };
}

async function makeServers(client) {
  const blueprint = await client.post('/blueprints', { name: 'bench', arguments: ['+map c1m1_hotel'], config: [], overlay_ids: [] });
  const ports = await freePorts(30_000, SERVERS);
  const servers = [];
  for (const port of ports) {
    servers.push(await client.post('/servers', { name: `bench-${port}`, port, blueprint_id: blueprint.id }));
  }
  return servers;
}

async function measure(panel, environment) {
  const client = await new Client(panel.url).signUp('bench', PASSWORD);
  await command(environment, 'promote-admin', 'bench');
  await client.runJob('/jobs', 'install');
  const servers = await makeServers(client);
  report(`memory with ${SERVERS} servers, none running`, residentMebibytes(panel.pid), 'MiB');

  const { perSecond, latencies } = await measureRate(`${panel.url}/api/v1/servers`, client.token);
  report(`GET /servers (${SERVERS} in the answer)`, perSecond, '/s');
  report('  median', percentile(latencies, 0.5).toFixed(1), 'ms');
  report('  99 of 100 within', percentile(latencies, 0.99).toFixed(1), 'ms');

  const some = servers.slice(0, STARTED);
  const job = (operation) => Promise.all(some.map(({ id }) => client.runJob(`/servers/${id}/jobs`, operation)));
  report(`start of ${STARTED} servers at once, each`, ((await timed(() => job('start'))).milliseconds / STARTED).toFixed(0), 'ms');
  report(`stop of ${STARTED} servers at once, each`, ((await timed(() => job('stop'))).milliseconds / STARTED).toFixed(0), 'ms');

  const before = residentMebibytes(panel.pid);
  writeFileSync(path.join(environment.L4D2_ROOT, 'standin-steamcmd.conf'), `MS=0\nMODE=flood:${LINES}\n`);
  const flood = await timed(() => client.runJob('/jobs', 'install'));
  report(`lines of a job stored (${LINES} printed at once)`, Math.round((LINES / flood.milliseconds) * 1000), '/s');
  report('  memory grown by', residentMebibytes(panel.pid) - before, 'MiB');
}

const directory = mkdtempSync(path.join(tmpdir(), 'l4d2-bench-'));
const environment = settings(directory, {
  API_RATE_PER_SECOND: '100000',
  API_RATE_BURST: '100000',
  STREAMS_PER_USER: '100',
  STANDIN_STEAMCMD_MS: '0',
  LOG_FILTER: 'warn',
});
try {
  const { result: panel, milliseconds } = await timed(() => Panel.start(environment));
  try {
    report('start on an empty directory', milliseconds.toFixed(0), 'ms');
    report('memory at rest', residentMebibytes(panel.pid), 'MiB');
    await measure(panel, environment);
  } finally {
    await panel.stop();
  }
} finally {
  rmSync(directory, { recursive: true, force: true });
}
