import { defineConfig } from '@playwright/test';

export default defineConfig({
  testDir: 'tests',
  outputDir: 'test-results',
  // Each test file starts a panel of its own, so files may run beside each other; those that measure run alone at the end.
  projects: [
    { name: 'pages', testIgnore: 'performance.spec.js' },
    { name: 'measured', testMatch: 'performance.spec.js', dependencies: ['pages'] },
  ],
  fullyParallel: false,
  workers: 2,
  retries: 0,
  forbidOnly: true,
  // Looking at a page for what axe finds takes seconds where all cores are busy, and some tests look at many.
  timeout: 120_000,
  expect: { timeout: 15_000 },
  reporter: [['list']],
  use: {
    browserName: 'chromium',
    screenshot: 'only-on-failure',
    trace: 'retain-on-failure',
    launchOptions: {
      // The system's browser: Playwright's own is never downloaded.
      executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
      args: [
        '--headless',
        '--no-sandbox',
        '--disable-gpu',
        '--disable-quic',
        '--no-first-run',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
      ],
    },
  },
});
