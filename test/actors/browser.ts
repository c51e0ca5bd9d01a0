import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { chromium } from 'playwright-core'
import type { Browser, Page } from 'playwright-core'
import { ROOT } from './node-process.ts'

/** Where Debian puts its browser. */
const CHROMIUM = '/usr/bin/chromium'

/** True when the browser that page tests need is installed; tests say that they were skipped when not. */
export const HAS_BROWSER: boolean = existsSync(CHROMIUM)

/**
 * A headless Chromium that asks nothing of the internet.
 *
 * @param film - file (.y4m) that its camera shows, again and again; without one it has no camera
 */
export async function openBrowser(film?: string): Promise<Browser> {
  return chromium.launch({
    executablePath: CHROMIUM,
    args: [
      ...['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run'],
      ...['--disable-background-networking', '--disable-component-update', '--disable-sync'],
      ...(film === undefined
        ? []
        : [
            '--use-fake-ui-for-media-stream',
            '--use-fake-device-for-media-stream',
            `--use-file-for-fake-video-capture=${film}`,
          ]),
    ],
  })
}

/** A screen of a test. */
export interface Screen {
  width: number
  height: number
  colorScheme: 'dark' | 'light'
  /** Language and formats of the browser. Default `en-US`. */
  locale?: string
  /** True: the page's content security policy holds, and the test evaluates no text on the page. */
  isStrict?: boolean
}

/** A person with a screen of their own; errors of the page are collected. */
export async function openPage(
  browser: Browser,
  { width, height, colorScheme, locale = 'en-US', isStrict = false }: Screen,
): Promise<{ page: Page; errors: string[] }> {
  const bypassCSP = !isStrict
  const context = await browser.newContext({ viewport: { width, height }, colorScheme, locale, bypassCSP })
  const page = await context.newPage()
  page.setDefaultTimeout(20_000)
  const errors: string[] = []
  page.on('pageerror', (error) => errors.push(error.message))
  return { page, errors }
}

/** Rules of axe that the page breaks now. */
export async function axeViolations(page: Page): Promise<string[]> {
  await settled(page)
  // Not as a script tag, which the page's own rules refuse.
  await page.evaluate(await readFile(join(ROOT, 'node_modules/axe-core/axe.min.js'), 'utf8'))
  return page.evaluate(async () => {
    const { axe } = window as Window &
      typeof globalThis & { axe: { run(): Promise<{ violations: { id: string }[] }> } }
    return (await axe.run()).violations.map((it) => it.id)
  })
}

/** How many sheets of paper a page would fill. */
export async function sheetsOf(page: Page, format: 'A4' | 'Letter'): Promise<number> {
  const pdf = await page.pdf({ format })
  return pdf.toString('latin1').match(/\/Type \/Page\b/g)?.length ?? 0
}

/** Waits for what moves or fades to end, a second at most: colours on their way have the contrast of neither end. */
async function settled(page: Page): Promise<void> {
  await page.evaluate(async () => {
    const ends = document.getAnimations().map(async (it) => it.finished.catch(() => undefined))
    const second = new Promise((resolve) => {
      setTimeout(resolve, 1_000)
    })
    await Promise.race([Promise.all(ends), second])
  })
}
