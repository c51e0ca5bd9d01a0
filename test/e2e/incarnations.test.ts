import { cp, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { EXIT_CODES } from '#node/errors'
import type { Renewed, SuspensionView, membersView } from '#node/host'
import { HAS_BROWSER, axeViolations, openBrowser, openPage } from '../actors/browser.ts'
import { ApiError, untilEqual } from '../actors/node-process.ts'
import type { ErrorBody, NodeProcess } from '../actors/node-process.ts'
import { until } from '../actors/until.ts'
import { Workbench } from '../actors/workbench.ts'

/** Longest that a write may wait for peers after an unclean stop, with room for a slow machine, ms. */
const ASKED_WRITE_MS_MAX = 5_000

let bench: Workbench
let nas: NodeProcess
let archive: NodeProcess
let till: NodeProcess

/** Starts a node that joins as a venue; keeps the words of its kit in the file `<name>.kit`. */
async function join(name: string): Promise<NodeProcess> {
  const [node, link] = await Promise.all([bench.start(name), nas.invite('venue')])
  const entered = await node.api('POST', '/v1/join', { link, memberName: name, deviceName: name })
  const { recoveryKit } = entered as { recoveryKit: { words: string } }
  await writeFile(bench.file(`${name}.kit`), `${recoveryKit.words}\n`)
  await until(`${name} is on the roster`, async () => (await node.status()).role === 'venue')
  return node
}

/** A copy of a data folder as a backup program makes it. */
async function copyFolder(from: string, to: string): Promise<void> {
  await cp(bench.file(from), bench.file(to), { recursive: true })
  await rm(bench.file(to, 'lock'), { force: true })
}

/** Starts a node on a machine of its own: nothing there remembers the device. */
async function startElsewhere(name: string, ...args: string[]): Promise<NodeProcess> {
  return bench.start(name, { args, env: { COOP_STATE: bench.file(`state of ${name}`) } })
}

/** What a write answers: `written`, or the code of its failure. */
async function tryWrite(node: NodeProcess, board: string, value: string): Promise<string> {
  try {
    await node.set(board, 'value', value)
    return 'written'
  } catch (cause) {
    if (cause instanceof ApiError) return cause.body.error.code
    throw cause
  }
}

/** The text with which a node says that its key was used elsewhere; null when it does not. */
async function complaint(node: NodeProcess): Promise<string | null> {
  const { warnings } = await node.status()
  const found = warnings.find((it) => it.code === 'key-superseded')
  return found === undefined ? null : `${found.message} ${found.next}`
}

async function untilComplaint(node: NodeProcess): Promise<string> {
  return until('it says that its key was used elsewhere', async () => complaint(node))
}

/** True while the node would have its next write wait for a peer. */
async function isAsking(node: NodeProcess): Promise<boolean> {
  return (await node.status()).warnings.some((it) => it.code === 'asking-peers')
}

/** Gives a folder a key of its own, with the kit of `member`. */
async function restore(name: string, member: string): Promise<Renewed> {
  const result = await bench.coop(
    name,
    'restore',
    '--new-key',
    '--kit-file',
    bench.file(`${member}.kit`),
    '--json',
  )
  expect(result.code, result.stdout).toBe(0)
  return JSON.parse(result.stdout) as Renewed
}

async function restoreFailure(name: string, kit: string): Promise<ErrorBody['error']> {
  const args = ['restore', '--new-key', '--kit-file', bench.file(`${kit}.kit`), '--json']
  const result = await bench.coop(name, ...args)
  const { error } = JSON.parse(result.stdout) as ErrorBody
  expect(result.code).toBe(new Map<string, number>(Object.entries(EXIT_CODES)).get(error.code))
  return error
}

beforeAll(async () => {
  bench = await Workbench.open()
  nas = await bench.found('nas')
  archive = await bench.join('archive', nas, 'archive')
})
afterAll(async () => bench.close())

test('a day-old copy beside the original writes nothing, forks nothing, and gets a key of its own', async () => {
  till = await join('till')
  await till.set('till', 'value', 'yesterday')
  await writeFile(bench.file('poster'), 'a poster that only this till has')
  await till.api('POST', '/v1/assets/add', { paths: [bench.file('poster')] })
  await till.kill9()
  await copyFolder('till', 'till-backup')
  till = await bench.start('till')
  await until('a peer has said how far the device came', async () => !(await isAsking(till)))
  await till.set('till', 'value', 'today')
  await untilEqual(nas, archive, till)

  const copy = await startElsewhere('till-backup')
  expect(await untilComplaint(copy)).toMatch(/older copy.*coop restore --new-key/)
  expect(await tryWrite(copy, 'copy', 'too early')).toBe('key-superseded')
  expect(await copy.fields('till')).toEqual({ value: 'today' })
  expect(await tryWrite(till, 'till', 'still selling')).toBe('written')
  expect(await complaint(till)).toBe(null)

  const renewed = await restore('till-backup', 'till')
  expect(renewed).toMatchObject({ replaces: till.device, isReady: true, deviceName: 'till' })
  expect(await tryWrite(copy, 'copy', 'at last')).toBe('written')
  expect(await complaint(copy)).toBe(null)
  expect((await copy.status()).role).toBe('venue')
  await till.set('till', 'value', 'both go on')
  await untilEqual(nas, archive, till, copy)
  expect(await nas.fields('copy')).toEqual({ value: 'at last' })
  await until('the new key says what its folder holds', async () => {
    const { assets } = (await nas.api('GET', '/v1/assets')) as { assets: { holders: { device: string }[] }[] }
    return assets[0]?.holders.some((it) => it.device === renewed.device)
  })
  await copy.stop()
})

/** Longest from a node's knowing of a fork to the end of its connections with that device, ms. */
const CUT_MS_MAX = 5_000

/** What `node` says of a device: its row among the members. */
async function deviceRow(node: NodeProcess, device: string): Promise<DeviceRow | undefined> {
  const { members } = (await node.api('GET', '/v1/members')) as ReturnType<typeof membersView>
  return members.flatMap((it) => it.devices).find((it) => it.device === device)
}
type DeviceRow = ReturnType<typeof membersView>['members'][number]['devices'][number]

/** Waits until `node` knows that the device forked, then until nothing connects them; returns the proof that it names. */
async function untilSuspended(node: NodeProcess, device: string): Promise<SuspensionView> {
  const suspension = await until('the fork is known', async () => (await deviceRow(node, device))?.suspension)
  const startMs = Date.now()
  await until('it is cut', async () => {
    const peer = (await node.peers()).find((it) => it.device === device)
    const others = (await node.peers()).filter((it) => it.address !== null).length
    return peer?.state === 'suspended' && peer.address === null && (await node.status()).peers === others
  })
  expect(Date.now() - startMs).toBeLessThan(CUT_MS_MAX)
  return suspension
}

test('copies that wrote before they met are suspended everywhere, told why, and go on with keys of their own', async () => {
  let stall = await join('stall')
  await stall.set('stall', 'value', 'before')
  await untilEqual(nas, archive, stall)
  await stall.api('POST', '/v1/mesh', { state: 'paused' })
  await stall.stop()
  await Promise.all([copyFolder('stall', 'stall-copy'), copyFolder('stall', 'stall-third')])
  const starting = [
    bench.start('stall'),
    startElsewhere('stall-copy'),
    startElsewhere('stall-third'),
  ] as const
  const [original, copy, third] = await Promise.all(starting)
  stall = original
  const forked = stall.device
  expect(await tryWrite(stall, 'by-the-original', 'first history')).toBe('written')
  expect(await tryWrite(copy, 'by-the-copy', 'second history')).toBe('written')
  expect(await tryWrite(third, 'by-the-third', 'third history')).toBe('written')
  // On one board as well. Nobody built on either, so neither shows once the fork is known.
  expect(await tryWrite(stall, 'stall', 'the original')).toBe('written')
  expect(await tryWrite(copy, 'stall', 'the copy')).toBe('written')
  await Promise.all([stall, copy].map(async (node) => node.api('POST', '/v1/mesh', { state: 'running' })))

  const suspensions = await Promise.all([nas, archive].map(async (node) => untilSuspended(node, forked)))
  expect(suspensions[0]).toEqual(suspensions[1])
  for (const node of [stall, copy]) {
    await until('the fork is explained', async () => (await complaint(node))?.includes('is suspended'))
    expect(await tryWrite(node, 'later', 'no')).toBe('key-superseded')
  }
  await archive.set('archive', 'value', 'others go on')
  await untilEqual(nas, archive)
  for (const board of ['by-the-copy', 'by-the-original']) expect(await nas.fields(board)).toEqual({})
  expect(await nas.fields('stall')).toEqual({ value: 'before' })
  // Both histories are kept: the proof names a commit of each.
  for (const commit of suspensions[0]?.commits ?? []) {
    const verified = await nas.cli('commit', 'verify', commit)
    expect([verified.code, verified.stdout]).toEqual([0, expect.stringContaining('signature')])
  }
  await seeSuspension(forked, suspensions[0])

  // The third was not met before: it is let in for nothing but the proof, which it has to be shown.
  await third.api('POST', '/v1/mesh', { state: 'running' })
  await until('the proof alone stops it', async () => (await complaint(third))?.includes('is suspended'))
  expect(await tryWrite(third, 'later', 'no')).toBe('key-superseded')
  expect((await deviceRow(third, forked))?.suspension).toEqual(suspensions[0])
  expect(await third.fields('by-the-copy')).toEqual({})
  expect(await nas.fields('by-the-third')).toEqual({})

  for (const name of ['stall', 'stall-copy', 'stall-third']) await restore(name, 'stall')
  expect(await tryWrite(stall, 'by-the-original', 'under a new key')).toBe('written')
  expect(await tryWrite(copy, 'by-the-copy', 'under another new key')).toBe('written')
  await untilEqual(nas, archive, stall, copy, third)
  expect(await nas.fields('by-the-third')).toEqual({})
  const { members } = (await nas.api('GET', '/v1/members')) as ReturnType<typeof membersView>
  const { devices } = members.find((it) => it.name === 'stall') ?? { devices: [] }
  expect(devices.map((it) => [it.suspension !== null, it.replacedBy !== null])).toEqual(
    devices.map((it) => [it.device === forked, it.device === forked]),
  )
  expect(devices).toHaveLength(4)
  expect((await nas.status()).warnings.filter((it) => it.code === 'device-suspended')).toEqual([])
  expect(nas.log.match(/a device wrote two histories/g)).toHaveLength(1)
  await Promise.all([stall.stop(), copy.stop(), third.stop()])
})

/** Every way in which a person meets the suspension on a node that is not concerned. */
async function seeSuspension(forked: string, suspension: SuspensionView | undefined): Promise<void> {
  const [first, second] = suspension?.commits ?? []
  expect(suspension).toMatchObject({ reason: 'fork', device: forked })
  const [members, peers, show, status] = await Promise.all([
    nas.cli('members'),
    nas.cli('peers'),
    nas.cli('commit', 'show', first ?? ''),
    nas.cli('status'),
  ])
  expect(members.stdout).toMatch(/suspended stall\/stall: wrote two histories.*\n→ .*coop restore --new-key/)
  expect(peers.stdout).toMatch(/stall\/stall +suspended/)
  expect(show.stdout).toMatch(/contested +its device wrote two histories/)
  expect(show.stdout).toContain(`forked with ${second}`)
  expect(status.stdout).toContain('the device "stall" of stall is suspended')
  if (!HAS_BROWSER) return
  const browser = await openBrowser()
  try {
    const { page } = await openPage(browser, { width: 900, height: 900, colorScheme: 'light' })
    await page.goto(nas.ready.url)
    await page.getByText('is suspended: it wrote two histories').waitFor()
    await page.getByTestId('suspension').getByText('exists twice').waitFor()
    expect(await axeViolations(page)).toEqual([])
    await page.getByTestId('nav-peers').click()
    await page.getByText('nobody connects to it').waitFor()
    await page.getByText('is suspended: it wrote two histories').waitFor()
    expect(await axeViolations(page)).toEqual([])
  } finally {
    await browser.close()
  }
}

test('on one machine a copy is noticed without any peer, a folder that was moved is not, and either can get a new key', async () => {
  let gate = await join('gate')
  await gate.set('gate', 'value', 1)
  await untilEqual(nas, gate)
  await gate.api('POST', '/v1/mesh', { state: 'paused' })
  await gate.stop()
  await copyFolder('gate', 'gate-copy')
  const copy = await bench.start('gate-copy')
  expect(await complaint(copy)).toContain('copy of another one on this machine')
  expect(await tryWrite(copy, 'gate', 'no')).toBe('key-superseded')
  expect(await restoreFailure('gate-copy', 'gate')).toMatchObject({ code: 'mesh-paused' })
  await copy.stop()
  await rename(bench.file('gate'), bench.file('gate-moved'))
  gate = await bench.start('gate-moved')
  expect(await complaint(gate)).toBe(null)
  expect(await tryWrite(gate, 'gate', 'moved')).toBe('written')
  await gate.api('POST', '/v1/mesh', { state: 'running' })
  await untilEqual(nas, gate)
  await gate.stop()

  const before = await readFile(bench.file('gate-moved', 'device.key'), 'utf8')
  const renewed = await restore('gate-moved', 'gate')
  expect(await readFile(bench.file('gate-moved', 'device.key'), 'utf8')).not.toBe(before)
  gate = await bench.start('gate-moved')
  expect(gate.device).toBe(renewed.device)
  expect(await tryWrite(gate, 'gate', 'with a new key')).toBe('written')
  await untilEqual(nas, archive, gate)
  await gate.stop()
})

test('an older image in the same folder is noticed without any peer; without a device that can admit, it stays so', async () => {
  let solo = await bench.start('solo')
  const founded = await solo.api('POST', '/v1/found', { name: 'South Market' })
  const { recoveryKit } = founded as { recoveryKit: { words: string } }
  await writeFile(bench.file('solo.kit'), recoveryKit.words)
  await solo.stop()
  await copyFolder('solo', 'solo-image')
  solo = await bench.start('solo')
  await solo.set('solo', 'value', 1)
  await solo.stop()
  await rm(bench.file('solo'), { recursive: true })
  await copyFolder('solo-image', 'solo')
  solo = await bench.start('solo')
  expect(await complaint(solo)).toContain('older copy')
  const key = await readFile(bench.file('solo', 'device.key'), 'utf8')
  expect(await restoreFailure('solo', 'solo')).toMatchObject({ code: 'no-slots' })
  expect(await restoreFailure('solo', 'till')).toMatchObject({ code: 'kit-unknown' })
  await writeFile(bench.file('torn.kit'), recoveryKit.words.split(' ').slice(1).join(' '))
  expect(await restoreFailure('solo', 'torn')).toMatchObject({ code: 'kit-malformed' })
  expect(await tryWrite(solo, 'solo', 'no')).toBe('key-superseded')
  expect(await readFile(bench.file('solo', 'device.key'), 'utf8')).toBe(key)
  await seeOnPage(solo, recoveryKit.words)
  await solo.stop()
})

/** The page says so as well, and what becomes of the kit there. */
async function seeOnPage(node: NodeProcess, words: string): Promise<void> {
  if (!HAS_BROWSER) return
  const browser = await openBrowser()
  try {
    const { page } = await openPage(browser, { width: 900, height: 900, colorScheme: 'light' })
    await page.goto(node.ready.url)
    await page.getByTestId('new-key-form').waitFor()
    await page.getByText('This folder is an older copy').waitFor()
    await page.getByTestId('new-key-kit').fill(words)
    await page.getByTestId('new-key-submit').click()
    await page.getByText('Only this device itself could admit a new key').waitFor()
    expect(await axeViolations(page)).toEqual([])
  } finally {
    await browser.close()
  }
}

test('a reinstalled device with the kit of before is another device of the same member', async () => {
  const link = await nas.invite('venue')
  const args = ['join', link, '--member', 'till', '--device', 'till anew', '--json']
  const result = await bench.coop('till-anew', ...args, '--kit-file', bench.file('till.kit'))
  expect(result.code, result.stdout).toBe(0)
  expect(JSON.parse(result.stdout)).toMatchObject({ recoveryKit: null })
  const { members } = (await nas.api('GET', '/v1/members')) as ReturnType<typeof membersView>
  const tills = members.filter((it) => it.name === 'till')
  expect(tills.map((it) => it.devices.map((device) => device.name))).toEqual([['till', 'till', 'till anew']])
})

test('after an unclean stop a device without peers goes on within seconds, and a new key must wait for them', async () => {
  await Promise.all([nas.kill9(), archive.kill9(), till.kill9()])
  till = await bench.start('till')
  expect(await isAsking(till)).toBe(true)
  const startMs = Date.now()
  expect(await tryWrite(till, 'till', 'alone')).toBe('written')
  expect(Date.now() - startMs).toBeLessThan(ASKED_WRITE_MS_MAX)
  expect(await isAsking(till)).toBe(false)
  const nextMs = Date.now()
  expect(await tryWrite(till, 'till', 'at once')).toBe('written')
  expect(Date.now() - nextMs).toBeLessThan(1_000)
  expect(await restoreFailure('till', 'till')).toMatchObject({ code: 'unreachable' })
  expect(await tryWrite(till, 'till', 'the old key is good still')).toBe('written')
})
