import { readFile, stat, writeFile } from 'node:fs/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { HAS_BROWSER, axeViolations, openBrowser, openPage, sheetsOf } from '../actors/browser.ts'
import type { ErrorBody } from '../actors/node-process.ts'
import { Workbench } from '../actors/workbench.ts'

let bench: Workbench
let words: string

beforeAll(async () => {
  bench = await Workbench.open()
  const founded = await bench.coop('nas', 'found', 'Lantern <Street>', '--json')
  words = (JSON.parse(founded.stdout) as { recoveryKit: { words: string } }).recoveryKit.words
  await writeFile(bench.file('kit'), words)
})
afterAll(() => bench.close())

/** `coop kit print` with the kit in this file. */
async function kitPrint(kit: string, ...args: string[]): ReturnType<Workbench['coop']> {
  return bench.coop('nas', 'kit', 'print', '--kit-file', bench.file(kit), ...args, '--json')
}

test('a kit is written as a page for its owner alone, with and without a running node', async () => {
  const stopped = await kitPrint('kit', '-o', bench.file('stopped.html'))
  expect([stopped.code, JSON.parse(stopped.stdout)]).toEqual([
    0,
    { output: bench.file('stopped.html'), member: expect.stringMatching(/^[0-9a-f]{64}$/) },
  ])
  const node = await bench.start('nas')
  expect((await kitPrint('kit', '-o', bench.file('running.html'))).code).toBe(0)
  await node.stop()
  const html = await readFile(bench.file('stopped.html'), 'utf8')
  expect(await readFile(bench.file('running.html'), 'utf8')).toBe(html)
  expect((await stat(bench.file('stopped.html'))).mode & 0o777).toBe(0o600)
  expect(html).toContain('Lantern &#60;Street&#62;')
  for (const word of words.split(' ')) expect(html).toContain(`<li>${word}</li>`)
})

test('the kit of another member, and what is none, is not printed', async () => {
  await writeFile(bench.file('other'), `${'abandon '.repeat(23)}art`)
  await writeFile(bench.file('none'), 'abandon')
  for (const [kit, code] of [
    ['other', 'kit-unknown'],
    ['none', 'kit-malformed'],
  ] as const) {
    const result = await kitPrint(kit, '-o', bench.file('wrong.html'))
    expect((JSON.parse(result.stdout) as ErrorBody).error.code).toBe(code)
  }
  const nowhere = await kitPrint('kit', '-o', bench.file('none', 'kit.html'))
  expect((JSON.parse(nowhere.stdout) as ErrorBody).error.code).toBe('path-unreadable')
})

test.skipIf(!HAS_BROWSER)(
  'it fits one sheet, and axe finds nothing, on a phone in dark mode too',
  async () => {
    const browser = await openBrowser()
    try {
      for (const screen of [
        { width: 900, height: 900, colorScheme: 'light' },
        { width: 360, height: 740, colorScheme: 'dark' },
      ] as const) {
        const { page } = await openPage(browser, screen)
        await page.goto(`file://${bench.file('stopped.html')}`)
        expect(await axeViolations(page)).toEqual([])
        expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(
          screen.width,
        )
        expect([await sheetsOf(page, 'A4'), await sheetsOf(page, 'Letter')]).toEqual([1, 1])
      }
    } finally {
      await browser.close()
    }
  },
)
