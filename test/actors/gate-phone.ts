import type { Page } from 'playwright-core'

/** One verdict that a gate page showed. */
export interface SeenVerdict {
  verdict: string
  isOk: boolean
  /** From the camera's frame, or the key, to the verdict, ms. */
  tookMs: number
}

/** A gate page in a test: it notes every verdict, since those of a camera come and go. */
export class GatePhone {
  readonly page: Page

  private constructor(page: Page) {
    this.page = page
  }

  /** Opens the page, remembered as set up for a gate. */
  static async open(
    page: Page,
    at: { base: string; token: string; event: string; gate: string; zone: string },
  ): Promise<GatePhone> {
    const { base, token, event, gate, zone } = at
    await page.addInitScript((setup) => {
      localStorage.setItem('coopmesh.gate', setup)
      const seen: { verdict: string; isOk: boolean; tookMs: number }[] = []
      Object.assign(window, { seenVerdicts: seen })
      let last: Element | null = null
      new MutationObserver(() => {
        const panel = document.querySelector<HTMLElement>('[data-testid=verdict]')
        if (panel === null || panel === last) return
        last = panel
        const { verdict = '', ok, tookMs } = panel.dataset
        seen.push({ verdict, isOk: ok === 'true', tookMs: Number(tookMs) })
      }).observe(document, { childList: true, subtree: true })
    }, JSON.stringify({ event, gate, zone }))
    await page.goto(`${base}/gate#token=${token}`)
    await page.getByTestId('guarantee').waitFor()
    return new GatePhone(page)
  }

  /** All verdicts so far. */
  async seen(): Promise<SeenVerdict[]> {
    return this.page.evaluate(() => (window as unknown as { seenVerdicts: SeenVerdict[] }).seenVerdicts)
  }

  /** What a scanner that types sends, to whatever has the focus. */
  async typeByScanner(text: string): Promise<void> {
    await this.page.evaluate((text) => {
      const press = (key: string): void => {
        const event = new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true })
        ;(document.activeElement ?? document.body).dispatchEvent(event)
      }
      for (const key of Array.from(text)) press(key)
      press('Enter')
    }, text)
  }

  /** Waits until the page shows this verdict. */
  async shows(verdict: string): Promise<void> {
    await this.page.locator(`[data-testid=verdict][data-verdict=${verdict}]`).waitFor()
  }

  /** Has a text scanned by a scanner that types, and waits for the verdict. */
  async scan(text: string, verdict: string): Promise<void> {
    await this.typeByScanner(text)
    await this.shows(verdict)
  }
}
