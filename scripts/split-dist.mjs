// Cuts the program that Trunk built into the first download and chunks that are fetched when they are wanted.
//
// Trunk runs this once it has laid everything out, before that becomes dist/. It takes the program as the compiler left
// it, for a program that was bound to JavaScript can't be cut any more: cut, bind, optimise, name by content. What Trunk
// made of the same program gives way to it; the page then names the new files.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const PROGRAM = 'l4d2-frontend';
const CUTTER_OUTPUT = '__wasm_split.js';
// What rustc's WebAssembly target takes for granted; the cut-off parts don't say so themselves.
const FEATURES = ['bulk-memory', 'multivalue', 'mutable-globals', 'nontrapping-float-to-int', 'reference-types', 'sign-ext'];

const { CARGO_TARGET_DIR, TRUNK_PROFILE, TRUNK_STAGING_DIR: staging } = process.env;
const release = TRUNK_PROFILE === 'release';
const built = path.join(CARGO_TARGET_DIR, 'wasm32-unknown-unknown', release ? 'wasm-release' : 'debug', `${PROGRAM}.wasm`);

function run(program, ...parameters) {
  execFileSync(program, parameters, { stdio: ['ignore', 'inherit', 'inherit'] });
}

function hash(...contents) {
  const digest = createHash('sha256');
  for (const content of contents) digest.update(content);
  return digest.digest('hex').slice(0, 16);
}

/** Replaces what must be there: that it isn't means that another version of a tool writes something else. */
function replace(text, old, now) {
  if (!text.includes(old)) throw new Error(`${old} was expected in what the tools made`);
  return text.replaceAll(old, now);
}

function optimise(file) {
  if (!release) return readFileSync(file);
  const smaller = `${file}.opt`;
  run('wasm-opt', ...FEATURES.map((feature) => `--enable-${feature}`), '-Oz', '--strip-debug', '--strip-producers', file, '-o', smaller);
  return readFileSync(smaller);
}

const work = mkdtempSync(path.join(CARGO_TARGET_DIR, 'split-'));
try {
  run('wasm-split-cli', '--target', 'web', '--out-name', PROGRAM, built, work);
  const bound = path.join(work, 'bound');
  run(
    'wasm-bindgen', '--target', 'web', '--no-typescript', '--keep-lld-exports',
    '--out-dir', bound, '--out-name', PROGRAM, path.join(work, `${PROGRAM}.wasm`),
  );

  // Trunk's files, and with them the names by which the page knows them.
  const page = path.join(staging, 'index.html');
  let html = readFileSync(page, 'utf8');
  const [old] = readdirSync(staging).filter((name) => new RegExp(`^${PROGRAM}-[0-9a-f]+\\.js$`).test(name));
  const stem = path.basename(old, '.js');

  let cutter = readFileSync(path.join(work, CUTTER_OUTPUT), 'utf8');
  for (const name of readdirSync(work).filter((name) => /^(split|chunk)_.*\.wasm$/.test(name))) {
    const contents = optimise(path.join(work, name));
    const short = name.replace(/\.wasm$/, `-${hash(contents)}.wasm`);
    cutter = replace(cutter, `"./${name}"`, `"./${short}"`);
    writeFileSync(path.join(staging, short), contents);
  }
  const program = optimise(path.join(bound, `${PROGRAM}_bg.wasm`));
  let glue = readFileSync(path.join(bound, `${PROGRAM}.js`), 'utf8');

  // The two scripts name each other, so that neither can be named by its own contents alone.
  const programName = `${PROGRAM}-${hash(program)}_bg.wasm`;
  const id = hash(cutter, glue, program);
  const glueName = `${PROGRAM}-${id}.js`;
  const cutterName = `chunks-${id}.js`;
  glue = replace(glue, `'${PROGRAM}_bg.wasm'`, `'${programName}'`);
  // A page that can't have its chunk says so itself; one that is left while a chunk is on its way has nothing to say.
  cutter = replace(cutter, 'console.error(', 'console.info(');
  glue = replace(glue, `from "./${CUTTER_OUTPUT}"`, `from "./${cutterName}"`);
  cutter = replace(cutter, `"./${PROGRAM}.js"`, `"./${glueName}"`);
  writeFileSync(path.join(staging, programName), program);
  writeFileSync(path.join(staging, glueName), glue);
  writeFileSync(path.join(staging, cutterName), cutter);

  rmSync(path.join(staging, `${stem}.js`), { force: true });
  rmSync(path.join(staging, `${stem}_bg.wasm`), { force: true });
  html = replace(html, `${stem}.js`, glueName);
  html = replace(html, `${stem}_bg.wasm`, programName);
  html = replace(html, '<link rel="modulepreload"', `<link rel="modulepreload" href="/${cutterName}"><link rel="modulepreload"`);
  writeFileSync(page, html);
} finally {
  rmSync(work, { recursive: true, force: true });
}
