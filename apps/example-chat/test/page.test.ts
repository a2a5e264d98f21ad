import { existsSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { chromium, type Browser, type Page } from 'playwright-core';
import { runExample, type RunningExample } from './running-example.ts';

const candidates = [
  process.env['CHROMIUM_PATH'],
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
];
const executablePath = candidates.find((path) => path !== undefined && existsSync(path));

if (executablePath === undefined) {
  console.warn(
    'No Chromium: the test of the page is skipped. apt-get install chromium, or set CHROMIUM_PATH.',
  );
}

(executablePath === undefined ? describe.skip : describe)('the page in Chromium', () => {
  let example: RunningExample;
  let browser: Browser;
  const errors: string[] = [];

  beforeAll(async () => {
    example = await runExample();
    browser = await chromium.launch({ executablePath: executablePath ?? '', args: ['--no-sandbox'] });
  }, 120_000);
  afterAll(async () => {
    await browser.close();
    await example.stop();
  });

  async function open(chat: string): Promise<Page> {
    const page = await browser.newPage({ viewport: { width: 1200, height: 800 } });
    page.on('pageerror', (error) => errors.push(error.message));
    page.on('console', (message) => {
      if (message.type() === 'error') errors.push(message.text());
    });
    await page.goto(`${example.url}/?chat=${chat}`);
    await page.getByText(`Connected to ${chat}`).waitFor();
    return page;
  }

  /** Sends a message and waits until its answer is whole and shown in the history. */
  async function say(page: Page, text: string, answers: number): Promise<void> {
    await page.getByLabel('Message').fill(text);
    await page.getByRole('button', { name: 'Send' }).click();
    await page.locator(`#history li.assistant >> nth=${answers - 1}`).waitFor();
    await page.locator('button:not([disabled])').waitFor();
  }

  const texts = (page: Page, list: string): Promise<string[]> =>
    page.locator(`#${list} li`).allTextContents();

  test('shows what was said and answered, in the history and in the window', async () => {
    const page = await open('page-one');
    await say(page, 'What is the weather in Oslo?', 1);
    await page.locator('#window li.assistant').waitFor();
    const history = await texts(page, 'history');
    expect(history).toHaveLength(3);
    expect(history[1]).toContain('What is the weather in Oslo?');
    expect(history[2]).toContain('weather({"city":"Oslo"}) →');
    expect(history[2]).toContain('The tool says:');
    expect(await texts(page, 'window')).toEqual(history);
    expect(await page.locator('#tokens').textContent()).toMatch(/^\d+ of 600 tokens, version 3$/);
    await page.close();
  });

  test('shows what another page of the same chat does, and the same after a reload', async () => {
    const one = await open('page-two');
    const two = await open('page-two');
    await say(one, 'Hello from here', 1);
    await two.locator('#history li.assistant').getByText('Hello from here').waitFor();
    await one.reload();
    await one.locator('#history li.assistant').waitFor();
    expect(await texts(one, 'history')).toEqual(await texts(two, 'history'));
    await Promise.all([one.close(), two.close()]);
  });

  test('shows how the window is summarised while the history stays whole', async () => {
    const page = await open('page-long');
    for (let i = 0; i < 9; i++) await say(page, `Question ${i}: ${'why '.repeat(25)}`, i + 1);
    await page.locator('#window li.summary').waitFor();
    await page.locator('#history li >> nth=18').waitFor();
    expect(await page.locator('#window li.summary').textContent()).toContain(
      'Summary of what was said before',
    );
    expect(await page.locator('#history li').count()).toBe(19);
    expect(await page.locator('#window li').count()).toBeLessThan(19);
    expect(await page.locator('#history li.left-window').count()).toBeGreaterThan(0);
    const file = process.env['SCREENSHOT'];
    if (file !== undefined) await page.screenshot({ path: file });
    await page.close();
  }, 60_000);

  test('takes nothing that is said for markup', async () => {
    const page = await open('page-markup');
    await say(page, '<img src=x onerror="document.title=1"><b>bold</b>', 1);
    expect(await page.locator('#history b, #history img').count()).toBe(0);
    expect(await page.title()).toBe('Fastpaca example chat');
    await page.close();
  });

  test('has no error in its console', () => {
    expect(errors).toEqual([]);
  });
});
