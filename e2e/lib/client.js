// A small client of the panel's API, as a script would write it: a bearer token, JSON, and the job's stream to wait.

import { within } from './panel.js';

const JOB_LIMIT_MS = 120_000;

export class ApiProblem extends Error {
  constructor(method, path, problem) {
    super(`${method} ${path}: ${problem.status} ${problem.code}: ${problem.detail}`);
    this.status = problem.status;
    this.code = problem.code;
  }
}

export class Client {
  #url;
  #token;

  constructor(url) {
    this.#url = `${url}/api/v1`;
  }

  get token() {
    return this.#token;
  }

  async signUp(username, password) {
    this.#token = (await this.post('/auth/signup', { username, password })).token;
    return this;
  }

  async signIn(username, password) {
    this.#token = (await this.post('/auth/login', { username, password })).token;
    return this;
  }

  get(path) {
    return this.#call('GET', path);
  }

  post(path, body) {
    return this.#call('POST', path, body);
  }

  patch(path, body) {
    return this.#call('PATCH', path, body);
  }

  delete(path) {
    return this.#call('DELETE', path);
  }

  /** All items of a list. */
  async list(path) {
    const page = await this.get(path);
    return page.items;
  }

  /** Files a job and waits for its end; throws when it doesn't succeed. */
  async runJob(path, operation) {
    const filed = await this.post(path, { operation });
    const job = await within(JOB_LIMIT_MS, this.#waitForEnd(filed.id), `job ${filed.id} (${operation}) did not end`);
    if (job.state !== 'succeeded') throw new Error(`job ${job.id} (${operation}) ${job.state}: ${job.error}`);
    return job;
  }

  /** Reads the job's stream until the panel closes it, which it does after the job's last line. */
  async #waitForEnd(id) {
    const response = await fetch(`${this.#url}/jobs/${id}/stream`, { headers: this.#headers() });
    if (!response.ok) throw new ApiProblem('GET', `/jobs/${id}/stream`, await response.json());
    for await (const _ of response.body);
    return this.get(`/jobs/${id}`);
  }

  #headers() {
    return this.#token ? { authorization: `Bearer ${this.#token}` } : {};
  }

  async #call(method, path, body) {
    const response = await fetch(this.#url + path, {
      method,
      headers: { ...this.#headers(), ...(body ? { 'content-type': 'application/json' } : {}) },
      body: body ? JSON.stringify(body) : undefined,
    });
    const text = await response.text();
    const answer = text ? JSON.parse(text) : null;
    if (!response.ok) throw new ApiProblem(method, path, answer);
    return answer;
  }
}
