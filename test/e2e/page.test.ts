import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { EXIT_CODES } from '#node/errors'
import { HAS_BROWSER, axeViolations, openBrowser, openPage, sheetsOf } from '../actors/browser.ts'
import type { NodeProcess } from '../actors/node-process.ts'
import { Workbench } from '../actors/workbench.ts'

if (!HAS_BROWSER)
  process.stderr.write('SKIPPED: the page is not tested, since /usr/bin/chromium is not installed\n')

/** Two people: Ada at a desk in light mode, Bo with a phone in dark mode. */
describe.skipIf(!HAS_BROWSER)('the page of a node', () => {
  let bench: Workbench
  let browser: Browser
  let nas: NodeProcess
  let stall: NodeProcess
  let ada: Page
  let bo: Page
  let link: string
  const errors: string[][] = []

  beforeAll(async () => {
    bench = await Workbench.open()
    browser = await openBrowser()
    ;[nas, stall] = await Promise.all([bench.start('nas'), bench.start('stall')])
    const desk = await openPage(browser, { width: 1280, height: 900, colorScheme: 'light' })
    const phone = await openPage(browser, { width: 360, height: 740, colorScheme: 'dark' })
    ;[ada, bo] = [desk.page, phone.page]
    errors.push(desk.errors, phone.errors)
  })
  afterAll(async () => {
    await browser?.close()
    await bench?.close()
  })

  const isWide = async (page: Page): Promise<boolean> =>
    page.evaluate(() => document.documentElement.scrollWidth > window.innerWidth)
  const text = (value: string): string =>
    `document.querySelector('[data-testid=board-text]')?.value === ${JSON.stringify(value)}`

  test('without its token the page asks for the access code, and axe finds nothing', async () => {
    await ada.goto(nas.ready.http)
    await ada.getByTestId('access-code').waitFor()
    expect(await axeViolations(ada)).toEqual([])
  })

  test('a person founds a co-op and is shown the recovery kit once', async () => {
    await ada.goto(nas.ready.url)
    await ada.reload()
    await ada.getByTestId('found-name').fill('Lantern Street')
    await ada.getByTestId('found-member').fill('Ada')
    await ada.getByTestId('found-device').fill('nas')
    await ada.getByTestId('found-submit').click()
    await ada.getByTestId('kit-words').waitFor()
    expect(await ada.locator('[data-testid=kit-words] li').count()).toBe(24)
    expect(await axeViolations(ada)).toEqual([])
    expect([await sheetsOf(ada, 'A4'), await sheetsOf(ada, 'Letter')]).toEqual([1, 1])
    await ada.emulateMedia({ media: 'print' })
    expect(await ada.getByTestId('kit-words').isVisible()).toBe(true)
    expect(await ada.getByTestId('kit-continue').isVisible()).toBe(false)
    await ada.emulateMedia({ media: null })
    await ada.getByTestId('kit-confirm').check()
    await ada.getByTestId('kit-continue').click()
    await ada.getByTestId('nav-members').waitFor()
  })

  test('another joins by pasting an invite, and turns up on the first page by itself', async () => {
    await ada.getByTestId('invite-create').click()
    link = ((await ada.getByTestId('invite-link').textContent()) ?? '').trim()
    await bo.goto(stall.ready.url)
    await bo.getByTestId('join-link').fill(link)
    await bo.getByTestId('join-member').fill('Bo')
    await bo.getByTestId('join-device').fill('stall')
    await bo.getByTestId('join-submit').click()
    await bo.getByTestId('kit-words').waitFor()
    expect(await axeViolations(bo)).toEqual([])
    await bo.getByTestId('kit-confirm').check()
    await bo.getByTestId('kit-continue').click()
    await ada.getByRole('heading', { name: 'Bo' }).waitFor()
    expect([await axeViolations(ada), await axeViolations(bo)]).toEqual([[], []])
  })

  test('who comes when the invite is used up is seen to wait, and is let in', async () => {
    const join = ['join', link, '--device', 'phone', '--member'] as const
    for (const name of ['Vera', 'Nora'])
      expect((await bench.coop(name, ...join, name)).code).toBe(EXIT_CODES.waiting)
    await ada.getByTestId('guest').nth(1).waitFor()
    expect(await axeViolations(ada)).toEqual([])
    await ada.getByTestId('guest').filter({ hasText: 'Nora' }).getByText('Turn away').click()
    await ada.getByTestId('guest').nth(1).waitFor({ state: 'detached' })
    await ada.setViewportSize({ width: 360, height: 740 })
    expect(await isWide(ada)).toBe(false)
    await ada.setViewportSize({ width: 1280, height: 900 })
    await ada.getByTestId('guest').getByText('Let in').click()
    await ada.getByRole('heading', { name: 'Vera' }).waitFor()
    expect(await ada.getByTestId('guest').count()).toBe(0)
  })

  test('a file is added here, fetched there, and unlisted', async () => {
    await ada.getByTestId('nav-assets').click()
    const file = { name: 'song.wav', mimeType: 'audio/wav', buffer: Buffer.alloc(3_000_000, 7) }
    await ada.getByTestId('asset-file-input').setInputFiles(file)
    await ada.getByTestId('asset-row').waitFor()
    await bo.getByTestId('nav-assets').click()
    await bo.getByTestId('asset-fetch').click()
    await bo.getByTestId('asset-open').waitFor()
    expect(await axeViolations(bo)).toEqual([])
    await ada.getByTestId('asset-unlist').click()
    await ada.getByTestId('dialog-confirm').click()
    await bo.getByTestId('asset-row').waitFor({ state: 'detached' })
  })

  test('a board is live in two browsers on two nodes: text, fields and lists', async () => {
    await ada.goto(`${nas.ready.http}/#/boards/menu`)
    await bo.goto(`${stall.ready.http}/#/boards/menu`)
    await ada.getByTestId('board-text').fill('hello from Ada')
    await bo.waitForFunction(text('hello from Ada'))
    await bo.getByTestId('board-text').press('End')
    await bo.getByTestId('board-text').pressSequentially(' and Bo')
    await ada.waitForFunction(text('hello from Ada and Bo'))
    await ada.getByTestId('board-field-key').fill('Cup')
    await ada.getByTestId('board-field-value').fill('14')
    await ada.getByTestId('board-field-set').click()
    await bo.locator('[data-key=Cup]').waitFor()
    await bo.getByTestId('board-list-name').fill('tasks')
    await bo.getByTestId('board-list-value').fill('sweep')
    await bo.getByTestId('board-list-append').click()
    await ada.locator('[data-list=tasks]').getByText('sweep').waitFor()
    expect([await axeViolations(ada), await axeViolations(bo)]).toEqual([[], []])
  })

  test('a board that a device does not keep is declined and wanted again, with the keyboard', async () => {
    await bo.getByTestId('nav-documents').click()
    await bo.getByTestId('document-keep').press('Enter')
    await bo.getByRole('button', { name: 'Keep again board/menu' }).waitFor()
    expect(await axeViolations(bo)).toEqual([])
    await bo.getByTestId('document-keep').press('Enter')
    await bo.getByRole('button', { name: 'Do not keep board/menu' }).waitFor()
    expect(await bo.getByTestId('document-keep').count()).toBe(1)
  })

  test('tokens are listed with their last use, and revoked', async () => {
    const { stdout } = await nas.cli('token', 'create', 'Stall till', '--scope', 'till', '--json')
    const { secret } = JSON.parse(stdout) as { secret: string }
    const authorization = `Bearer ${secret}`
    const answer = await nas.request('/v1/status', { headers: { authorization, 'user-agent': 'till/1' } })
    expect(answer.status).toBe(200)
    await ada.getByTestId('nav-tokens').click()
    await ada.getByTestId('token-row').getByText('127.0.0.1, till/1').waitFor()
    await bo.getByTestId('nav-tokens').click()
    await bo.getByText('No tokens').waitFor()
    await bo.getByTestId('token-name').fill('Menu screen')
    await bo.getByTestId('token-create').click()
    const made = (await bo.getByTestId('token-secret').textContent()) ?? ''
    await bo.getByTestId('token-row').getByText('read-only').waitFor()
    const own = { authorization: `Bearer ${made.trim()}` }
    expect((await stall.request('/v1/boards', { headers: own })).status).toBe(200)
    expect((await stall.request('/v1/stop', { method: 'POST', headers: own })).status).toBe(403)
    expect([await axeViolations(ada), await axeViolations(bo)]).toEqual([[], []])
    await ada.getByTestId('token-revoke').click()
    await ada.getByTestId('dialog-confirm').click()
    await ada.getByText('No tokens').waitFor()
    expect((await nas.request('/v1/status', { headers: { authorization } })).status).toBe(401)
  })

  test('the mesh is paused and resumed, and no page had an error', async () => {
    await ada.getByTestId('mesh-toggle').click()
    await ada
      .getByText(/^Paused/)
      .first()
      .waitFor()
    await ada.getByTestId('mesh-toggle').click()
    await ada
      .getByText(/Running/)
      .first()
      .waitFor()
    expect(await isWide(bo)).toBe(false)
    expect(errors.flat()).toEqual([])
  })
})
