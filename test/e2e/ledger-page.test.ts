import { readFile } from 'node:fs/promises'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { HistoryPage, ProposalView } from '#node/host'
import { HAS_BROWSER, axeViolations, openBrowser, openPage } from '../actors/browser.ts'
import { untilEqual } from '../actors/node-process.ts'
import type { NodeProcess } from '../actors/node-process.ts'
import { until } from '../actors/until.ts'
import { Workbench } from '../actors/workbench.ts'

/** Ada, a steward at a desk in light mode who uses the keyboard alone, and Bo with a phone in dark mode. */
describe.skipIf(!HAS_BROWSER)('the ledger on the page', () => {
  let bench: Workbench
  let browser: Browser
  let nas: NodeProcess
  let stall: NodeProcess
  let ada: Page
  let bo: Page
  const errors: string[][] = []

  beforeAll(async () => {
    bench = await Workbench.open()
    browser = await openBrowser()
    nas = await bench.found('nas')
    stall = await bench.join('stall', nas)
    const desk = await openPage(browser, { width: 1280, height: 900, colorScheme: 'light' })
    const phone = await openPage(browser, { width: 360, height: 740, colorScheme: 'dark' })
    ;[ada, bo] = [desk.page, phone.page]
    errors.push(desk.errors, phone.errors)
    await untilEqual(nas, stall)
    await Promise.all([ada.goto(nas.ready.url), bo.goto(stall.ready.url)])
  })
  afterAll(async () => {
    await browser?.close()
    await bench?.close()
  })

  const entries = async (node: NodeProcess): Promise<HistoryPage['entries']> =>
    ((await node.api('GET', '/v1/ledger/history?limit=500')) as HistoryPage).entries
  const isWide = async (page: Page): Promise<boolean> =>
    page.evaluate(() => document.documentElement.scrollWidth > window.innerWidth)
  /** The form of one unit, filled in and sent with the keyboard. */
  const act = async (page: Page, type: string, amount: string): Promise<void> => {
    await page.getByTestId('act-type').selectOption(type)
    await page.getByTestId('act-amount').fill(amount)
    await page.getByTestId('act-amount').press('Enter')
  }

  /** Has Ada send something that the node takes, while she never hears of it. */
  const loseAnswer = async (path: string, send: () => Promise<void>): Promise<void> => {
    await ada.route(`**/v1/ledger/${path}`, async (route) => {
      if (route.request().method() === 'GET') return route.continue()
      await route.fetch()
      await route.abort()
    })
    await send()
    await ada.getByRole('alert').getByText('This device did not answer.').waitFor()
    await ada.unroute(`**/v1/ledger/${path}`)
  }

  test('where nothing is counted yet the page leads to the first unit, which turns up elsewhere', async () => {
    await ada.getByTestId('nav-ledger').press('Enter')
    await ada.getByText('Nothing is counted yet').waitFor()
    await bo.getByTestId('nav-ledger').click()
    await bo.getByText('Nothing is counted yet').waitFor()
    expect(await axeViolations(ada)).toEqual([])
    await ada.getByTestId('define-code').fill('poster a2')
    await ada.getByText('Use 1 to 24 letters').waitFor()
    await ada.getByTestId('define-code').fill('poster-a2')
    await ada.getByTestId('define-supply').fill('1.5')
    await ada.getByTestId('define-supply').press('Enter')
    await ada.getByRole('alert').getByText('write a whole number').waitFor()
    await ada.getByTestId('define-supply').fill('500')
    await ada.getByTestId('define-name').fill('Poster of the fair')
    await ada.getByTestId('define-name').press('Enter')
    await ada.getByRole('heading', { name: 'POSTER-A2', level: 1 }).waitFor()
    await bo.getByTestId('unit').getByText('Poster of the fair').waitFor()
    expect([await axeViolations(ada), await axeViolations(bo)]).toEqual([[], []])
  })

  test('stock is issued and sold with the keyboard; what is not covered is said beside the field', async () => {
    expect(await ada.getByTestId('act-type').inputValue()).toBe('issue')
    await act(ada, 'issue', '300')
    await ada.getByTestId('act-done').getByText('Issued 300').waitFor()
    await act(ada, 'consume', '301')
    const problem = ada.getByTestId('act-amount')
    await ada.getByText('this device holds 300').waitFor()
    expect(await problem.getAttribute('aria-invalid')).toBe('true')
    expect(await problem.evaluate((it) => it === document.activeElement)).toBe(true)
    expect(await axeViolations(ada)).toEqual([])
    await problem.fill('')
    await ada.keyboard.type('12')
    await ada.keyboard.press('Enter')
    await ada.getByTestId('act-done').getByText('Sold 12').waitFor()
    await ada.getByTestId('holder').getByText('288').waitFor()
    const [sale] = await entries(nas)
    expect(sale).toMatchObject({ type: 'consume', amount: '12', state: 'counted' })
    await ada.getByTestId('act-commit').press('Enter')
    await ada.getByTestId('commit-entries').getByText('12').waitFor()
    await ada.getByTestId('commit-check').press('Enter')
    await ada.getByText('Every check that could be made holds.').waitFor()
    expect(await axeViolations(ada)).toEqual([])
  })

  test('a sale whose answer was lost is written once', async () => {
    await ada.getByLabel('History of the ledger').press('Enter')
    await ada.getByTestId('entries').waitFor()
    await ada.getByTestId('nav-ledger').press('Enter')
    await ada.getByTestId('unit-link').press('Enter')
    const before = (await entries(nas)).length
    await loseAnswer('entries', async () => act(ada, 'consume', '1'))
    await ada.getByTestId('act-submit').press('Enter')
    await ada.getByTestId('act-done').getByText('written before').waitFor()
    expect((await entries(nas)).length).toBe(before + 1)
    // The same again is another sale, and two clicks on one button are one.
    await ada.getByTestId('act-amount').fill('1')
    await ada.getByTestId('act-submit').dblclick()
    await until('it is written', async () => (await entries(nas)).length === before + 2)
    await ada.getByTestId('act-done').getByText('Sold 1').waitFor()
    expect((await entries(nas)).length).toBe(before + 2)
  })

  test('what is handed over is seen to come on the other device, which sells of it', async () => {
    await act(ada, 'transfer', '80')
    await ada.getByTestId('act-done').getByText('Handed over 80').waitFor()
    await bo.getByTestId('unit-here').filter({ hasText: '80' }).waitFor()
    await bo.getByTestId('unit-link').click()
    await bo
      .getByTestId('holder')
      .filter({ hasText: 'nas/nas' })
      .getByText('connected', { exact: true })
      .waitFor()
    expect([await axeViolations(bo), await isWide(bo)]).toEqual([[], false])
    await act(bo, 'consume', '5')
    await bo.getByTestId('act-done').getByText('Sold 5').waitFor()
    const holder = ada.getByTestId('holder').filter({ hasText: 'stall/stall' })
    await holder.getByRole('link', { name: '75' }).waitFor()
    // A balance leads to the entries that made it.
    await holder.getByRole('link').press('Enter')
    await ada.getByTestId('entry').nth(1).waitFor()
    expect(await ada.getByTestId('entry').count()).toBe(2)
    await ada
      .getByTestId('entry')
      .filter({ hasText: 'Handed over' })
      .getByText('Accepted in commit')
      .waitFor()
  })

  test('before it leaves a device takes a share, and it keeps some at hand', async () => {
    await bo.getByTestId('share').locator('summary').press('Enter')
    await bo.getByTestId('share-rule').selectOption('amount')
    await bo.getByTestId('share-amount').fill('-1')
    await bo.getByTestId('share-amount').press('Enter')
    await bo.getByText('Write the amount without a sign').waitFor()
    await bo.getByTestId('share-amount').fill('10')
    await bo.getByTestId('share-amount').press('Enter')
    await bo.getByTestId('share-done').getByText('10 from nas/nas').waitFor()
    await bo
      .getByTestId('holder')
      .filter({ hasText: 'stall/stall' })
      .getByRole('link', { name: '85' })
      .waitFor()
    await bo.getByTestId('keep').locator('summary').press('Enter')
    await bo.getByTestId('keep-low').fill('20')
    await bo.getByTestId('keep-high').fill('60')
    await bo.getByTestId('keep-high').press('Enter')
    await bo.getByText('Kept at hand: between 20 and 60').waitFor()
    expect([await axeViolations(bo), await isWide(bo)]).toEqual([[], false])
  })

  test('the history is searched, filtered and paged', async () => {
    const unit = (await entries(nas))[0]?.unit
    for (let i = 0; i < 35; i += 1)
      await nas.api('POST', '/v1/ledger/entries', {
        entries: [{ type: 'consume', unit, amount: '1', ref: `order ${i}` }],
      })
    await bo.goto(`${stall.ready.http}/#/ledger/history`)
    await bo.getByTestId('entry').getByText('order 34').waitFor()
    expect(await bo.getByTestId('entry').count()).toBe(30)
    expect([await axeViolations(bo), await isWide(bo)]).toEqual([[], false])
    await bo.getByTestId('history-older').press('Enter')
    await bo.getByTestId('history-count').filter({ hasText: 'all there is' }).waitFor()
    const all = await bo.getByTestId('entry').count()
    // News comes on top, and the older ones stay.
    await nas.api('POST', '/v1/ledger/entries', {
      entries: [{ type: 'consume', unit, amount: '2', memo: 'to a friend' }],
    })
    await bo.getByTestId('entry').getByText('to a friend').waitFor()
    expect(await bo.getByTestId('entry').count()).toBe(all + 1)
    await bo.getByTestId('history-text').fill('order 7')
    await bo.getByTestId('history-text').press('Enter')
    await bo.getByTestId('history-count').filter({ hasText: '1 entry' }).waitFor()
    await bo.getByTestId('history-text').fill('poster-a2')
    await bo.getByTestId('history-text').press('Enter')
    await bo.getByTestId('entry').nth(29).waitFor()
    await bo.getByTestId('history-text').fill('nothing like it')
    await bo.getByTestId('history-search').press('Enter')
    await bo.getByText('Nothing fits').waitFor()
    await bo.getByRole('link', { name: 'Show everything' }).press('Enter')
    await bo.getByTestId('history-type').selectOption('define')
    await bo.getByTestId('history-count').filter({ hasText: '1 entry' }).waitFor()
    await bo.goBack()
    await bo.getByTestId('entry').nth(29).waitFor()
  })

  test('a sale is taken back from the history, by an entry that names it', async () => {
    await ada.goto(`${nas.ready.http}/#/ledger/history?text=${encodeURIComponent('to a friend')}`)
    await ada.getByTestId('entry').getByText('Take back').press('Enter')
    expect(await ada.getByTestId('act-type').inputValue()).toBe('restore')
    await ada.getByTestId('act-amount').press('Enter')
    await ada.getByTestId('act-done').getByText('Took back 2').waitFor()
    const [back, sale] = await entries(nas)
    expect(back).toMatchObject({ type: 'restore', amount: '2', reverses: `${sale?.commit}/0` })
  })

  test('the books are read of everybody or one member, and saved as a file', async () => {
    await ada.getByTestId('nav-ledger').press('Enter')
    await ada.getByTestId('ledger-statement').press('Enter')
    const held = ada.getByTestId('books').getByRole('row').filter({ hasText: 'Held' })
    const balance = held.filter({ hasText: 'stall/stall' }).getByRole('link', { name: '85' })
    await balance.waitFor()
    expect(await axeViolations(ada)).toEqual([])
    // What is in the books leads to the entries that made it.
    await balance.press('Enter')
    await ada.getByTestId('entry').first().waitFor()
    expect(await ada.getByTestId('history-device').locator('option:checked').innerText()).toBe(
      'stall / stall',
    )
    await ada.goBack()
    const [file] = await Promise.all([
      ada.waitForEvent('download'),
      ada.getByTestId('export-beancount').press('Enter'),
    ])
    expect(file.suggestedFilename()).toBe('ledger.beancount')
    expect(await readFile(await file.path(), 'utf8')).toContain('POSTER-A2')
    await ada.getByTestId('statement-member').selectOption({ label: 'nas' })
    await held.filter({ hasText: 'stall/stall' }).waitFor({ state: 'detached' })
    await bo.goto(`${stall.ready.http}/#/ledger/statement`)
    await bo.getByTestId('books').waitFor()
    expect([await axeViolations(bo), await isWide(bo)]).toEqual([[], false])
  })

  test('a split rule is set with the keyboard, and what splits nothing is said before it is sent', async () => {
    await ada.getByTestId('ledger-splits').press('Enter')
    await ada.getByText('No split rules yet').waitFor()
    await ada.getByTestId('set-rule').locator('summary').press('Enter')
    await ada.getByTestId('rule-name').fill('door')
    await ada.getByTestId('party-way').selectOption('points')
    await ada.getByTestId('party-value').fill('60')
    await ada.getByTestId('trial').getByText('60.00 %').waitFor()
    await ada.getByTestId('party-add').press('Enter')
    const second = ada.getByTestId('party').nth(1)
    const who = second.getByTestId('party-who')
    expect(await who.evaluate((it) => it === document.activeElement)).toBe(true)
    await second.getByTestId('party-way').selectOption('points')
    await second.getByTestId('party-value').fill('40.001')
    await second.getByText('at most two digits behind the point').waitFor()
    await second.getByTestId('party-value').fill('40.01')
    await ada.getByTestId('trial').getByText('100.01 %').waitFor()
    expect(await ada.getByTestId('rule-submit').getAttribute('aria-disabled')).toBe('true')
    expect(await axeViolations(ada)).toEqual([])
    await ada.getByTestId('rule-submit').press('Enter')
    await ada.getByTestId('party-value').first().fill('25')
    await second.getByTestId('party-way').selectOption('share')
    await ada.getByTestId('trial').getByText('75\u00a0POSTER-A2').waitFor()
    // Enter in any field sends it.
    await second.getByTestId('party-value').press('Enter')
    await ada.getByTestId('rule').getByText('25 % of what is left').waitFor()
    await bo.goto(`${stall.ready.http}/#/ledger/splits`)
    await bo.getByTestId('rule-change').press('Enter')
    await bo.getByTestId('trial').getByText('25\u00a0POSTER-A2').waitFor()
    expect(await isWide(bo)).toBe(false)
  })

  test('a rule is changed by its next version, once, though the answer was lost', async () => {
    await ada.getByTestId('rule-change').press('Enter')
    const value = ada.getByTestId('party').getByLabel('Percent', { exact: true })
    await ada.getByText('This makes version 2').waitFor()
    await value.fill('30')
    await ada.getByTestId('trial').getByText('30\u00a0POSTER-A2').waitFor()
    await loseAnswer('splits', async () => value.press('Enter'))
    await ada.getByTestId('rule-submit').press('Enter')
    await ada.getByTestId('rule').getByText('30 % of what is left').waitFor()
    await ada.getByTestId('rule').getByRole('link').press('Enter')
    await ada.getByTestId('entry').nth(1).waitFor()
    expect(await ada.getByTestId('entry').allInnerTexts()).toEqual([
      expect.stringContaining('door v2'),
      expect.stringContaining('door v1'),
    ])
    await ada.getByTestId('ledger-splits').press('Enter')
  })

  test('an amount is split by a rule, looked at, and handed over in one commit', async () => {
    await ada.getByTestId('split-amount').fill('10')
    await ada.getByTestId('split-amount').press('Enter')
    await ada.getByTestId('split-parts').getByText('7').waitFor()
    expect(await axeViolations(ada)).toEqual([])
    await ada.getByTestId('dialog-confirm').press('Enter')
    await ada.getByTestId('split-done').getByRole('link').press('Enter')
    await ada.getByTestId('commit-entries').getByText('split door v2').waitFor()
    await bo.goto(`${stall.ready.http}/#/ledger/history?type=rule`)
    await bo.getByTestId('entry').getByText('door v2').waitFor()
  })

  test('a file of stock is looked at before it comes in; of one with a wrong line nothing is written', async () => {
    const file = (
      name: string,
      text: string | Buffer,
    ): { name: string; mimeType: string; buffer: Buffer } => ({
      ...{ name, mimeType: 'text/csv', buffer: Buffer.from(text) },
    })
    const before = (await entries(nas)).length
    await bo.getByTestId('ledger-balances').press('Enter')
    await bo.getByTestId('import').locator('summary').press('Enter')
    const faulty =
      'code,kind,scale,device,amount\nSHIRT,stock,0,,20\nSHIRT,stock,0,nobody,1\nSHIRT,stock,0,,1.5\n'
    await bo.getByTestId('import-file').setInputFiles(file('faulty.csv', faulty))
    await bo.getByTestId('import-faults').getByText('Line 3, device: There is no device nobody').waitFor()
    await bo.getByTestId('import-faults').getByText('Line 4, amount:').waitFor()
    expect([await axeViolations(bo), await isWide(bo)]).toEqual([[], false])
    await bo.getByTestId('import-file').setInputFiles(file('latin.csv', Buffer.from('code\n\xe9', 'latin1')))
    await bo.getByRole('alert').getByText('CSV UTF-8').waitFor()
    await ada.getByTestId('nav-ledger').press('Enter')
    await ada.getByTestId('import').locator('summary').press('Enter')
    // Dropped on the page, with the mark that spreadsheets put before a file.
    const csv = '\ufeffcode,kind,scale,device,amount\nSHIRT,stock,0,,20\nSHIRT,stock,0,stall,5\n'
    await ada
      .getByTestId('import')
      .locator('.drop-zone')
      .evaluate((zone, csv) => {
        const dataTransfer = new DataTransfer()
        dataTransfer.items.add(new File([csv], 'stock.csv', { type: 'text/csv' }))
        zone.dispatchEvent(new DragEvent('drop', { dataTransfer, bubbles: true, cancelable: true }))
      }, csv)
    const plan = ada.getByTestId('import-plan')
    await plan.getByText('25\u00a0SHIRT').waitFor()
    await plan.getByRole('row').filter({ hasText: 'stall/stall' }).getByText('5\u00a0SHIRT').waitFor()
    expect((await entries(nas)).length).toBe(before)
    await loseAnswer('import', async () => ada.getByTestId('import-submit').press('Enter'))
    await ada.getByTestId('import-submit').press('Enter')
    await ada.getByTestId('import-done').getByText('25\u00a0SHIRT brought in').waitFor()
    await ada.getByTestId('import-file').setInputFiles(file('again.csv', csv))
    await plan.getByText('This very file was brought in before').waitFor()
    expect(await ada.getByTestId('import-submit').count()).toBe(0)
    expect((await entries(nas)).length).toBe(before + 4)
    await bo.getByTestId('unit').getByText('5\u00a0SHIRT').waitFor()
  })

  test('debts become few payments, and a device hands over what its member pays', async () => {
    const add = async (page: Page, place: number, debt: string[]): Promise<void> => {
      const row = page.getByTestId('debt').nth(place)
      await row.getByTestId('debt-debtor').selectOption({ label: debt[0] ?? '' })
      await row.getByTestId('debt-creditor').selectOption({ label: debt[1] ?? '' })
      await row.getByTestId('debt-amount').fill(debt[2] ?? '')
    }
    for (const page of [ada, bo]) {
      await page.getByTestId('ledger-debts').press('Enter')
      await page.getByTestId('debts-unit').selectOption({ label: 'SHIRT (Stock)' })
      await add(page, 0, ['nas', 'stall', '3'])
    }
    await bo.getByText('You pay nothing').waitFor()
    expect(await bo.getByTestId('debts-pay').count()).toBe(0)
    expect([await axeViolations(bo), await isWide(bo)]).toEqual([[], false])
    await ada.getByTestId('debt-add').press('Enter')
    await add(ada, 1, ['nas', 'nas', '1'])
    await ada.getByTestId('payments').getByText('nas owes itself').waitFor()
    await add(ada, 1, ['stall', 'nas', '1'])
    await ada.getByTestId('payment-list').getByText('nas pays stall').waitFor()
    await ada.getByTestId('payment-list').getByText('2\u00a0SHIRT').waitFor()
    await ada.getByTestId('debts-pay').press('Enter')
    await ada.getByTestId('debts-due').getByText('2\u00a0SHIRT').waitFor()
    await ada.getByTestId('dialog-confirm').press('Enter')
    await ada.getByTestId('debts-done').getByRole('link').press('Enter')
    await ada.getByTestId('commit-entries').getByText('netting').waitFor()
    expect((await entries(nas))[0]).toMatchObject({ type: 'transfer', amount: '2', ref: 'netting' })
  })

  test('the right to issue money is asked for and given, and what replacing risks is said', async () => {
    await ada.getByTestId('nav-ledger').press('Enter')
    await ada.getByTestId('define').locator('summary').first().press('Enter')
    await ada.getByTestId('define-code').fill('EUR')
    await ada.getByTestId('define-kind').selectOption('money')
    await loseAnswer('units', async () => ada.getByTestId('define-code').press('Enter'))
    await ada.getByTestId('define-code').press('Enter')
    await ada.getByRole('heading', { name: 'EUR', level: 1 }).waitFor()
    const { units } = (await nas.api('GET', '/v1/ledger/units')) as { units: { code: string }[] }
    expect(units.filter((it) => it.code === 'EUR')).toHaveLength(1)
    await act(ada, 'issue', '12.50')
    await ada.getByText('Ask the stewards for the right to issue more').waitFor()
    await ada.getByTestId('ask-right').locator('summary').press('Enter')
    await ada.getByTestId('propose-kind').selectOption('replace')
    await ada.getByTestId('replace-risk').getByText('its loss account bears it').waitFor()
    expect(await axeViolations(ada)).toEqual([])
    await ada.getByTestId('propose-kind').selectOption('allow')
    await ada.getByTestId('propose-amount').fill('1.234')
    await ada.getByTestId('propose-amount').press('Enter')
    await ada.getByText('write at most 2 decimal places').waitFor()
    await ada.getByTestId('propose-amount').fill('100')
    await ada.getByTestId('propose-amount').press('Enter')
    await ada.getByTestId('preview').getByText('issue 100.00 EUR more').waitFor()
    expect(await axeViolations(ada)).toEqual([])
    await ada.getByTestId('dialog-confirm').press('Enter')
    await ada.getByText('May still be issued').waitFor()
    await ada.getByTestId('act-amount').press('Enter')
    await ada.getByTestId('act-done').getByText('Issued 12.50').waitFor()
  })

  test('what a lost device holds is stranded, and the stewards replace it at the risk of its loss account', async () => {
    await nas.api('POST', '/v1/suspensions', { device: stall.device, reason: 'stolen' })
    await ada.getByTestId('nav-ledger').press('Enter')
    await ada.getByTestId('unit').getByText('92 stranded').waitFor()
    await ada.getByTestId('unit-link').filter({ hasText: 'POSTER' }).press('Enter')
    await ada.getByTestId('ask-replace').press('Enter')
    const form = ada.getByTestId('ask-right')
    await form.getByTestId('propose-kind').waitFor()
    expect(await form.getByTestId('propose-lost').inputValue()).toBe(stall.device)
    await form.getByTestId('propose-amount').fill('70')
    await form.getByTestId('propose-amount').press('Enter')
    await ada.getByRole('dialog').getByTestId('replace-risk').waitFor()
    await ada.getByTestId('dialog-confirm').press('Enter')
    await ada.getByTestId('unit-troubles').getByText('The loss account of stall/stall bears 70').waitFor()
    expect(await axeViolations(ada)).toEqual([])
    const { proposals } = (await nas.api('GET', '/v1/proposals')) as { proposals: ProposalView[] }
    expect(proposals).toEqual([])
  })

  test('the page shows what it knew while its node is away, and goes on by itself', async () => {
    const { port } = new URL(nas.ready.http)
    await nas.kill9()
    await ada.getByTestId('away-banner').getByText('No connection').waitFor()
    await ada.getByTestId('nav-ledger').press('Enter')
    await ada.getByTestId('unit-link').filter({ hasText: 'POSTER' }).press('Enter')
    await act(ada, 'consume', '1')
    await ada.getByRole('alert').getByText('This device did not answer.').waitFor()
    nas = await bench.start('nas', { args: ['--http-port', port] })
    await ada.getByTestId('away-banner').getByText('No connection').waitFor({ state: 'detached' })
    await ada.getByTestId('act-submit').press('Enter')
    await ada.getByTestId('act-done').getByText('Sold 1').waitFor()
    expect(errors.flat()).toEqual([])
  })
})
