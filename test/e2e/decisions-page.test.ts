import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { ProposalView } from '#node/host'
import { HAS_BROWSER, axeViolations, openBrowser, openPage } from '../actors/browser.ts'
import { listSection } from '../actors/coop-actors.ts'
import { HostileMember } from '../actors/hostile-member.ts'
import { untilEqual } from '../actors/node-process.ts'
import type { NodeProcess } from '../actors/node-process.ts'
import { until } from '../actors/until.ts'
import { Workbench } from '../actors/workbench.ts'

/** Ada, a steward at a desk in light mode, and Bo with a phone in dark mode, whose device is suspended. */
describe.skipIf(!HAS_BROWSER)('decisions on the page', () => {
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
    stall = await bench.join('stall', nas, 'member')
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

  test('an open decision is noticed on every page, read, and signed with the keyboard', async () => {
    const changes = [{ kind: 'steward', member: 'stall' }]
    await stall.api('POST', '/v1/proposals', { changes, reason: 'so that one of us may be ill' })
    await ada.getByTestId('nav-boards').click()
    await ada.getByTestId('pending').getByText('1 decision waits for you.').waitFor()
    await bo.getByTestId('pending').getByText('1 decision is open.').waitFor()
    await bo.getByTestId('nav-decisions').click()
    await bo.getByTestId('proposal').getByText('so that one of us may be ill').waitFor()
    expect(await bo.getByTestId('proposal-sign').count()).toBe(0)
    await ada.getByTestId('pending').getByRole('link').press('Enter')
    await ada.getByTestId('proposal').getByText('for whom stall/stall signs').waitFor()
    expect([await axeViolations(ada), await axeViolations(bo)]).toEqual([[], []])
    await ada.getByTestId('proposal-sign').press('Enter')
    await ada.getByRole('dialog').waitFor()
    expect(await axeViolations(ada)).toEqual([])
    await ada.getByTestId('dialog-confirm').press('Enter')
    await ada.getByText('Nothing is to be decided').waitFor()
    await ada.getByTestId('seals').getByText('Make stall a steward').waitFor()
    await bo.getByTestId('seals').getByText('Make stall a steward').waitFor()
  })

  test('a decision that two must sign is declined by one, and stays', async () => {
    const changes = [{ kind: 'demote', member: 'stall' }]
    const asked = (await nas.api('POST', '/v1/proposals', { changes })) as ProposalView
    await bo.getByTestId('proposal-decline').click()
    await bo.getByText('You declined it.').waitFor()
    await ada.getByText('Declined', { exact: true }).waitFor()
    await until('the other knows', async () => {
      const known = (await nas.api('GET', `/v1/proposals/${asked.id}`)) as ProposalView
      return known.declined.length === 1
    })
    expect([await axeViolations(ada), await axeViolations(bo)]).toEqual([[], []])
    const isWide = await bo.evaluate(() => document.documentElement.scrollWidth > window.innerWidth)
    expect(isWide).toBe(false)
  })

  test('a decision is asked for with the keyboard, after a look at what it would change', async () => {
    await bo.getByTestId('ask').locator('summary').press('Enter')
    // What does not fit is told before anybody is asked.
    await bo.getByTestId('propose-kind').selectOption('demote')
    await bo.getByTestId('propose-member').selectOption({ label: 'nas' })
    await bo.getByTestId('propose-preview').press('Enter')
    await bo.getByTestId('preview').getByText('End the stewardship of nas.').waitFor()
    await bo.getByRole('dialog').getByText('1 of 1 must agree').waitFor()
    expect(await axeViolations(bo)).toEqual([])
    await bo.keyboard.press('Escape')
    await bo.getByTestId('propose-kind').selectOption('slots')
    await bo.getByTestId('propose-reason').fill('a fair in June')
    await bo.getByTestId('propose-reason').press('Enter')
    await bo.getByTestId('dialog-confirm').press('Enter')
    await ada.getByTestId('proposal').getByText('“a fair in June”').waitFor()
    const { proposals } = (await nas.api('GET', '/v1/proposals')) as { proposals: ProposalView[] }
    expect(proposals.at(-1)).toMatchObject({ reason: 'a fair in June', approved: [{ name: 'stall' }] })
    for (const kind of ['rules', 'role', 'remove', 'close', 'steward', 'lift']) {
      await bo.getByTestId('propose-kind').selectOption(kind)
      expect([kind, await axeViolations(bo)]).toEqual([kind, []])
    }
    const isWide = await bo.evaluate(() => document.documentElement.scrollWidth > window.innerWidth)
    expect(isWide).toBe(false)
  })

  test('a recovery is asked for on one page, seen on the other, and in force with the last voice', async () => {
    const lost = ada.getByTestId('lost-stewards')
    await lost.locator('summary').press('Enter')
    await lost.getByText('2 of 2 must agree; none may be lost').waitFor()
    await lost.getByTestId('recover').getByLabel('stall').press('Space')
    expect(await axeViolations(ada)).toEqual([])
    await lost.getByTestId('recover-preview').press('Enter')
    await ada.getByTestId('preview').getByText('End the stewardship of stall.').waitFor()
    await ada.getByTestId('dialog-confirm').press('Enter')
    await ada.getByText('You spoke for it.').waitFor()
    await bo.getByText('Members are recovering the co-op, 1 of 2 voices').waitFor()
    await bo.getByTestId('recovery').getByText('1 of 2 needed').waitFor()
    expect([await axeViolations(ada), await axeViolations(bo)]).toEqual([[], []])
    await bo.getByTestId('recovery-voice').press('Enter')
    await bo.getByTestId('dialog-confirm').press('Enter')
    await bo.getByText('This device signs for no steward any more').waitFor()
    await ada.getByTestId('seals').getByText('with the voices of').waitFor()
    expect(await axeViolations(bo)).toEqual([])
  })

  test('a device is suspended from the members page, and its own page says why and how to come back', async () => {
    await ada.getByTestId('nav-members').click()
    await ada.getByTestId('suspend').click()
    await ada.getByTestId('suspend-reason').fill('stolen at the market')
    expect(await axeViolations(ada)).toEqual([])
    await ada.getByTestId('dialog-confirm').click()
    await ada.getByText('Suspended', { exact: true }).waitFor()
    await bo
      .getByText('This device is suspended (nas/nas: “stolen at the market”): the others keep away from it.')
      .waitFor()
    await bo.getByText('coop propose lift').waitFor()
    await bo.getByTestId('nav-members').click()
    expect([await axeViolations(ada), await axeViolations(bo)]).toEqual([[], []])
    expect(errors.flat()).toEqual([])
  })

  test('names made to deceive are written out wherever the page shows them', async () => {
    // The second letter is not Latin.
    const deceiver = await HostileMember.admit(nas, 'member', 'n\u0430s')
    try {
      deceiver.write(listSection('pr\u0456ces.txt', deceiver.crypto.sha256))
      await deceiver.sync(nas)
      await ada.getByTestId('nav-members').click()
      const members = ada.getByText('n\\u{430}s', { exact: true })
      await members.first().waitFor()
      await ada.getByText('Not to be taken for nas').waitFor()
      await ada.getByTestId('nav-assets').click()
      await ada.getByText('pr\\u{456}ces.txt', { exact: true }).waitFor()
      await ada.getByTestId('nav-peers').click()
      await ada.getByText('n\\u{430}s').first().waitFor()
      expect(await ada.getByText('n\u0430s').count()).toBe(0)
    } finally {
      await deceiver.close()
    }
  })
})
