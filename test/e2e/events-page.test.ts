import { readFile } from 'node:fs/promises'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readTicketText } from '#protocol/tickets'
import { HAS_BROWSER, axeViolations, openBrowser, openPage } from '../actors/browser.ts'
import type { Screen } from '../actors/browser.ts'
import { untilEqual } from '../actors/node-process.ts'
import type { NodeProcess } from '../actors/node-process.ts'
import { until } from '../actors/until.ts'
import { Workbench } from '../actors/workbench.ts'

if (!HAS_BROWSER)
  process.stderr.write('SKIPPED: the page of events is not tested without /usr/bin/chromium\n')

interface View {
  event: string
  name: string
  startsMs: number
  endsMs: number
  classes: { name: string; reentry: boolean; rule: unknown; prices: object[]; seats: { capacity: number } }[]
  groups: { group: string; buckets: { state: string; sold: number }[] }[]
  zones: { zone: string; capacity: number }[]
  stats: { sold: number; cancelled: number; admitted: number; undone: number }
}

interface Scan {
  ok: boolean
  verdict: string
  ticket: { details: string | null } | null
}

const PHONE: Screen = { width: 390, height: 844, colorScheme: 'light' }
const DESK: Screen = { width: 1280, height: 860, colorScheme: 'dark' }

/** One device on whose page everything is done, and another one to which a gate is handed. */
describe.skipIf(!HAS_BROWSER)('the page of events', () => {
  let bench: Workbench
  let north: NodeProcess
  let south: NodeProcess
  let browser: Browser
  let page: Page
  const errors: string[][] = []
  let event: string

  const person = async (screen: Screen): Promise<Page> => {
    const { page, errors: own } = await openPage(browser, { ...screen, isStrict: true })
    errors.push(own)
    return page
  }
  const on = async (method: string, path: string, body?: unknown): Promise<unknown> =>
    north.api(method, `/v1/ticketing/events${path}`, body)
  const view = async (): Promise<View> => (await on('GET', `/${event}`)) as View
  const verify = async (text: string): Promise<Scan> =>
    (await on('POST', `/${event}/verify`, { text, gate: 'North', zone: 'Hall', direction: 'in' })) as Scan
  const press = async (testId: string): Promise<void> => page.getByTestId(testId).press('Enter')
  const fill = async (testId: string, text: string): Promise<void> => page.getByTestId(testId).fill(text)
  const isGood = async (where: Page = page): Promise<void> => {
    const isWide = await where.evaluate(() => document.documentElement.scrollWidth > window.innerWidth)
    expect([await axeViolations(where), isWide]).toEqual([[], false])
  }
  const saved = async (testId: string): Promise<string[][]> => {
    const [file] = await Promise.all([page.waitForEvent('download'), press(testId)])
    const text = await readFile(await file.path(), 'utf8')
    return text
      .trimEnd()
      .split('\r\n')
      .map((it) => it.split(','))
  }

  beforeAll(async () => {
    bench = await Workbench.open()
    browser = await openBrowser()
    north = await bench.found('north', { args: ['--phone-port', '0'] })
    south = await bench.join('south', north)
    await north.cli('ledger', 'define', 'EUR', '--kind', 'money')
    page = await person(PHONE)
  })
  afterAll(async () => {
    await browser?.close()
    await bench?.close()
  })

  test('leads from the node’s page to an event that is made with the keyboard, and says at each field what is wrong', async () => {
    await page.goto(north.ready.url)
    await press('to-events')
    await page.getByTestId('events-empty').waitFor()
    await isGood()
    await press('event-new')
    await press('event-make')
    await page.getByText('Fill this in.').waitFor()
    expect(await page.evaluate(() => document.activeElement?.getAttribute('data-testid'))).toBe('event-name')
    await page.keyboard.type('Night of Prints')
    await fill('event-place', 'Old Mill')
    const starts = await page.getByTestId('event-starts').inputValue()
    await fill('event-ends', starts)
    await press('event-make')
    await page.getByText('This must be later than the beginning.').waitFor()
    await isGood()
    await fill('event-ends', `2099${starts.slice(4)}`)
    await press('event-make')
    await page.getByTestId('class-new').waitFor()
    const { events } = (await on('GET', '')) as { events: View[] }
    event = events[0]?.event ?? ''
    expect(events).toMatchObject([{ name: 'Night of Prints', place: 'Old Mill', dayStartMin: 360 }])
    expect(new Date(events[0]?.endsMs ?? 0).getUTCFullYear()).toBe(2099)
  })

  test('classes with windows and rules, gates and zones are set up; a class is changed', async () => {
    await press('class-new')
    await fill('class-name', 'Standing')
    await fill('class-seats', '0')
    await fill('price-amount', 'twelve')
    await press('class-save')
    await page.getByText('Write an amount such as 12.50.').waitFor()
    expect(await page.locator('[aria-invalid=true]').count()).toBe(2)
    await fill('class-seats', '2000')
    await fill('price-amount', '12,5')
    await press('price-add')
    await page.getByTestId('price-until').first().fill('2099-01-01T00:00')
    await page.getByTestId('price-amount').nth(1).fill('15')
    await press('class-save')
    await page.getByTestId('class').waitFor()
    await press('class-new')
    await fill('class-name', 'Pass')
    await fill('class-seats', '5')
    await page.getByTestId('rule-daily').check()
    await fill('rule-count', '2')
    await page.getByText('Only at some gates or times').press('Enter')
    await fill('rule-minutes', '15')
    await press('class-save')
    await page.getByTestId('class').nth(1).waitFor()
    for (const group of ['North', 'South']) {
      await fill('gate-name', group)
      await press('gate-add')
      await page.locator(`[data-group=${group}]`).waitFor()
    }
    await fill('zone-name', 'Hall')
    await press('zone-add')
    await page.getByText('Write a whole number of 1 or more.').waitFor()
    await fill('zone-capacity', '40')
    await press('zone-add')
    await page.getByText('0 of 40 inside').waitFor()
    await fill('zone-name', 'Hall')
    await press('zone-add')
    await page.getByText('There is one of this name already.').waitFor()
    await page.getByTestId('class').filter({ hasText: 'Pass' }).getByTestId('class-change').press('Enter')
    expect(await page.getByTestId('rule-daily').isChecked()).toBe(true)
    await fill('class-name', 'Festival pass')
    await press('class-save')
    await page.getByTestId('class').filter({ hasText: 'Festival pass' }).waitFor()
    await isGood()
    const [pass, standing] = (await view()).classes.sort((a, b) => (a.name < b.name ? -1 : 1))
    const rule = ['all', ['entries-today', 2], ['minutes-since-entry', 15]]
    expect(pass).toMatchObject({
      name: 'Festival pass',
      reentry: true,
      rule,
      prices: [],
      seats: { capacity: 5 },
    })
    const [until, after] = standing?.prices ?? []
    expect(until).toMatchObject({ currency: 'EUR', amount: '12.50', fromMs: null })
    expect(after).toMatchObject({ amount: '15.00', untilMs: null })
    expect(standing).toMatchObject({ reentry: false, rule: null, seats: { capacity: 2_000 } })
  })

  test('a guest list becomes tickets, which are printed, saved and let in by name', async () => {
    await press('part-tickets')
    await press('issue-guests')
    await press('issue-submit')
    await page.getByText('Paste or type the names, a line each.').waitFor()
    await page.getByTestId('issue-class').selectOption({ label: 'Standing (2,000 here)' })
    await fill('issue-list', ' Nora Vale\n\n=Bo\tLindqvist\nKim\n')
    await press('issue-submit')
    await page.getByText('3 tickets issued: Standing.').waitFor()
    await isGood()
    const rows = await saved('issued-csv')
    expect(rows.map((it) => it[3])).toEqual(['details', 'Nora Vale', "'=Bo Lindqvist", 'Kim'])
    await press('issued-print')
    await page.getByTestId('printed').nth(2).waitFor()
    await isGood()
    const first = (await page.getByTestId('printed').first().getAttribute('data-text')) ?? ''
    expect(await verify(first)).toMatchObject({ ok: true, ticket: { details: 'Nora Vale' } })
    await press('print-close')
    await page.getByTestId('ticket-row').filter({ hasText: 'Bo Lindqvist' }).waitFor()
    await press('issue-close')
  })

  test('hundreds are issued with progress; after a lost answer and a reload it goes on, and none is there twice', async () => {
    let calls = 0
    await page.route('**/tickets', async (route) => {
      if (route.request().method() === 'POST') calls += 1
      if (calls !== 2) return route.continue()
      await route.fetch()
      await route.abort()
    })
    await page.getByTestId('issue-class').selectOption({ label: 'Standing (1,997 here)' })
    await press('issue-number')
    await fill('issue-count', '1998')
    await press('issue-submit')
    await page.getByText('Only 1,997 seats can be sold here.').waitFor()
    await fill('issue-count', '600')
    await press('issue-submit')
    await page.getByTestId('failure').waitFor()
    await page.unroute('**/tickets')
    await page.reload()
    await press('issue-go-on')
    await page.getByText('600 tickets issued: Standing.').waitFor()
    expect((await view()).stats.sold).toBe(603)
    await press('issue-close')
    await page.getByText('1–50 of 603').waitFor()
    await press('page-next')
    await page.getByText('51–100 of 603').waitFor()
    expect(await page.getByTestId('ticket-row').count()).toBe(50)
    const rows = await saved('tickets-csv')
    expect(new Set(rows.map((it) => it[5])).size).toBe(604)
  })

  test('tickets are ended by code and scanner: revoked, refunded, swapped for one of a phone', async () => {
    const [, ...rows] = await saved('tickets-csv')
    const [first, second, third] = rows.slice(10).map((it) => ({ code: it[4] ?? '', text: it[5] ?? '' }))
    await press('end-submit')
    await page.getByText('Fill this in.').waitFor()
    await fill('end-ticket', 'AAAA AAAA AAAA AAAA')
    await press('end-submit')
    await page.getByText('no ticket here has this code').waitFor()
    await fill('end-ticket', first?.code ?? '')
    await fill('end-reason', 'stolen')
    await press('end-submit')
    await page.getByText('Revoked: it opens nothing any more.').waitFor()
    await fill('end-ticket', second?.text ?? '')
    await page.getByTestId('end-refund').check()
    await press('end-submit')
    await page.getByText('Refunded: give the money back.').waitFor()
    await fill('end-ticket', third?.text ?? '')
    await page.getByTestId('end-reissue').check()
    await fill('end-holder', 'CK:1234')
    await press('end-submit')
    await page.getByText('This is not the key of a phone').waitFor()
    const buyer = await person(PHONE)
    await buyer.goto(`${north.ready.phones.at(-1) ?? ''}/ticket#new=Night`)
    const key = (await buyer.getByTestId('holder-key').getAttribute('data-text')) ?? ''
    await isGood(buyer)
    await fill('end-holder', key)
    await press('end-submit')
    await page.getByText('Swapped: the old code opens nothing any more.').waitFor()
    expect((await view()).stats.cancelled).toBe(2)
    expect((await verify(third?.text ?? '')).verdict).toBe('reissued')
    await press('new-show')
    const swapped = readTicketText((await page.getByTestId('printed').getAttribute('data-text')) ?? '')
    const holder = swapped.ok ? swapped.decoded.ticket.holder : null
    expect(Buffer.from(holder ?? []).toString('hex')).toBe(key.slice(3, 67).toLowerCase())
    await press('print-close')
  })

  test('a stall sells a ticket that works on the buyer’s phone alone, under a key of its own', async () => {
    const till = await person(PHONE)
    const base = north.ready.phones.at(-1) ?? ''
    const { secret } = (await north.api('POST', '/v1/tokens', { name: 'till', scope: 'till' })) as {
      secret: string
    }
    await till.goto(`${base}/sale#token=${secret}`)
    expect(await till.getByTestId('page-links').count()).toBe(0)
    const offer = till.getByTestId('offer').filter({ hasText: 'Standing' })
    await offer.getByTestId('offer-add').press('Enter')
    await till.getByTestId('bind').waitFor()
    await offer.getByTestId('offer-add').press('Enter')
    await till.getByTestId('bind').press('Enter')
    await isGood(till)
    const buyers = [await person(PHONE), await person({ ...PHONE, colorScheme: 'dark', locale: 'de-DE' })]
    const keys: string[] = []
    for (const buyer of buyers) {
      await buyer.goto(`${base}/ticket#new=Night+of+Prints`)
      const key = (await buyer.getByTestId('holder-key').getAttribute('data-text')) ?? ''
      await buyer.reload()
      expect(await buyer.getByTestId('holder-key').getAttribute('data-text')).toBe(key)
      keys.push(key)
      await till.getByTestId('bind-key').fill(`${key.slice(0, -1)}G`)
      await till.getByTestId('bind-done').press('Enter')
      await till.getByText('This is not the key of a phone').waitFor()
      await till.getByTestId('bind-key').fill(key)
    }
    await till.getByTestId('bound').getByText('2 of 2 on a phone').waitFor()
    await till.getByTestId('sell').press('Enter')
    await till.getByTestId('bound-link').nth(1).waitFor()
    await isGood(till)
    expect(new Set(keys).size).toBe(2)
    for (const [i, buyer] of buyers.entries()) {
      const link = (await till.getByTestId('bound-link').nth(i).getAttribute('data-link')) ?? ''
      const stranger = buyers[1 - i]
      await stranger?.goto(link)
      await stranger?.getByTestId('broken').waitFor()
      await buyer.goto(link)
      const shown = (await buyer.getByTestId('ticket-qr').getAttribute('data-text')) ?? ''
      expect((await verify(shown)).verdict).toBe('admitted')
      // What the till printed of it is blind, and opens nothing.
      const read = readTicketText(shown)
      expect(read.ok && read.decoded.ticket.seatSecret).toBe(null)
      const sold = (await till.getByTestId('ticket').nth(i).getAttribute('data-text')) ?? ''
      expect((await verify(sold)).verdict).toBe('code-needed')
      // The address is a bookmark that works without what the browser keeps.
      expect(buyer.url()).toContain('k=')
      const fresh = await buyer.evaluate(() => {
        location.hash = '#new=Another'
        return location.hash
      })
      expect(fresh).toContain('new=')
      await buyer.getByTestId('holder-key').waitFor()
      expect(keys).not.toContain(await buyer.getByTestId('holder-key').getAttribute('data-text'))
    }
  })

  test('a gate is handed over, declared lost and found; a phone gets an address of its own', async () => {
    page = await person(DESK)
    await page.goto(north.ready.url)
    await page.goto(`${north.ready.http}/events#/${event}/setup`)
    const row = page.locator('[data-group=South]')
    await row.getByTestId('gate-hand').press('Enter')
    await isGood()
    await press('hand-to')
    await row.getByText('Handed to south').waitFor()
    await untilEqual(north, south)
    await row.getByText('1 with south').waitFor()
    await row.getByTestId('gate-lost').press('Enter')
    await press('lost-confirm')
    await row.getByText('1 lost with south').waitFor()
    await row.getByTestId('gate-found').press('Enter')
    await row.getByTestId('gate-take').press('Enter')
    await row.getByText('1 here').waitFor()
    await page.goto(`${north.ready.http}/events`)
    await fill('phone-name', 'north phone 1')
    await press('phone-add')
    await isGood()
    const link = (await page.getByTestId('phone-link').locator('code').textContent()) ?? ''
    const phone = await person(PHONE)
    await phone.goto(link.replace(/^http:\/\/[^/]+/, north.ready.phones.at(-1) ?? ''))
    await phone.getByTestId('setup-start').waitFor()
    const { tokens } = (await north.api('GET', '/v1/tokens')) as { tokens: { name: string; scope: string }[] }
    expect(tokens).toContainEqual(expect.objectContaining({ name: 'north phone 1', scope: 'gate' }))
  })

  test('figures and log follow; a scan is undone, the log is saved, and a silent node is told', async () => {
    const { tickets } = (await on('GET', `/${event}/tickets?limit=3`)) as { tickets: { text: string }[] }
    const [text, other] = tickets.map((it) => it.text)
    const scan = { gate: 'North', zone: 'Hall', direction: 'in' }
    for (const [id, it] of [text, text, other].entries())
      await on('POST', `/${event}/scans`, { ...scan, text: it, id: String(id).repeat(32) })
    await page.goto(`${north.ready.http}/events#/${event}`)
    await until(
      'both are counted',
      async () => (await page.getByTestId('stat-admitted').textContent()) === '2',
    )
    await isGood()
    await press('part-log')
    await page.locator('[data-testid=log-row][data-verdict=already-admitted]').waitFor()
    const rows = await saved('log-csv')
    const [head, ...verdicts] = rows.map((it) => it[4])
    expect([head, ...verdicts.sort()]).toEqual(['verdict', 'admitted', 'admitted', 'already-admitted'])
    await page.locator('[data-verdict=admitted]').first().getByTestId('log-undo').press('Enter')
    await press('undo-confirm')
    await page.getByText('Fill this in.').waitFor()
    await isGood()
    await fill('undo-reason', 'wrong person')
    await press('undo-confirm')
    await page.getByText('undone').waitFor()
    expect((await view()).stats.undone).toBe(1)
    await page.getByTestId('log-verdict').selectOption('already-admitted')
    await until('one row is left', async () => (await page.getByTestId('log-row').count()) === 1)
    await press('language-de')
    await page.getByText('Protokoll der Scans').waitFor()
    await isGood()
    await page.route('**/v1/**', async (route) => route.abort())
    await page.getByTestId('failure').first().waitFor()
    await isGood()
    expect(errors.flat()).toEqual([])
  })
})
