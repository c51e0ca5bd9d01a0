import { afterAll, beforeAll, expect, test } from 'vitest'
import type { ChangeRequest, PreviewView, ProposalView, SealView, membersView } from '#node/host'
import { EXIT_CODES } from '#node/errors'
import { ApiError, untilEqual } from '../actors/node-process.ts'
import type { CliResult, ErrorBody, NodeProcess } from '../actors/node-process.ts'
import { until } from '../actors/until.ts'
import { Workbench } from '../actors/workbench.ts'

/** What the requirement allows for a cut, ms. */
const CUT_WITHIN_MS = 5_000

let bench: Workbench
let nora: NodeProcess
let omar: NodeProcess
let pia: NodeProcess
let rolf: NodeProcess

beforeAll(async () => {
  bench = await Workbench.open()
  nora = await bench.found('nora')
  ;[omar, pia, rolf] = (await Promise.all(
    ['omar', 'pia', 'rolf'].map(async (name) => bench.join(name, nora, 'member')),
  )) as [NodeProcess, NodeProcess, NodeProcess]
  await untilEqual(nora, omar, pia, rolf)
})
afterAll(() => bench.close())

/** The one JSON value of a command that succeeded. */
function valueOf(result: CliResult): unknown {
  expect(result, result.stdout + result.stderr).toMatchObject({ code: 0 })
  return JSON.parse(result.stdout)
}

/** The one JSON error of a command that failed, with the exit code that stands for it. */
function errorOf(result: CliResult): ErrorBody['error'] {
  const { error } = JSON.parse(result.stdout) as ErrorBody
  expect(result.code).toBe(new Map<string, number>(Object.entries(EXIT_CODES)).get(error.code))
  return error
}

async function heightOf(node: NodeProcess): Promise<number> {
  return (await node.status()).authority?.height ?? -1
}

async function untilHeight(height: number, ...nodes: NodeProcess[]): Promise<void> {
  await until(`seal ${height} is everywhere`, async () => {
    const heights = await Promise.all(nodes.map(heightOf))
    return heights.every((it) => it === height)
  })
}

async function proposalsOf(node: NodeProcess): Promise<ProposalView[]> {
  const view = valueOf(await node.cli('proposals', '--json')) as { proposals: ProposalView[] }
  return view.proposals
}

async function propose(node: NodeProcess, change: ChangeRequest, reason = ''): Promise<ProposalView> {
  return (await node.api('POST', '/v1/proposals', { changes: [change], reason })) as ProposalView
}

type MembersView = ReturnType<typeof membersView>

/** A device as another one sees it. */
async function deviceOf(
  node: NodeProcess,
  of: NodeProcess,
): Promise<MembersView['members'][number]['devices'][number] | undefined> {
  const { members } = (await node.api('GET', '/v1/members')) as MembersView
  return members.flatMap((it) => it.devices).find((it) => it.device === of.device)
}

async function stateOf(node: NodeProcess, of: NodeProcess): Promise<string | undefined> {
  return (await node.peers()).find((it) => it.device === of.device)?.state
}

test('one steward decides alone', async () => {
  const asked = valueOf(
    await nora.cli('propose', 'add-steward', 'omar', '--reason', 'we are two', '--json'),
  ) as ProposalView
  expect(asked).toMatchObject({ state: 'decided', reason: 'we are two', quorum: 2 })
  await untilHeight(1, nora, omar, pia, rolf)
  const status = await pia.status()
  expect(status.authority).toMatchObject({ quorum: 2, pending: 0 })
  expect(status.authority?.stewards.map((it) => it.name).sort()).toEqual(['nora', 'omar'])
  expect((await omar.status()).role).toBe('steward')
})

test('a look at what a decision would change asks for nothing', async () => {
  const { stdout } = await pia.cli('propose', 'remove', 'omar', '--dry-run')
  expect(stdout).toContain('- member     omar')
  expect(stdout).toContain('1 steward(s): nora; 1 must agree')
  const unfit = valueOf(await pia.cli('propose', 'demote', 'rolf', '--dry-run', '--json')) as PreviewView
  expect(unfit).toMatchObject({ effect: null, misfit: expect.stringContaining('no steward') })
  expect(await proposalsOf(pia)).toEqual([])
})

test('a member asks, and two stewards decide only together', async () => {
  const asked = valueOf(await pia.cli('propose', 'add-steward', 'pia', '--json')) as ProposalView
  expect(asked).toMatchObject({ state: 'open', canSign: false, approved: [], quorum: 2 })
  expect(asked.missing.map((it) => it.name).sort()).toEqual(['nora', 'omar'])
  expect(asked.effect).toMatchObject({ quorum: 3, joining: [{ name: 'pia' }] })
  const id = asked.id.slice(0, 12)
  await until('the stewards see it', async () => (await omar.status()).authority?.waiting === 1)
  const refused = errorOf(await rolf.cli('sign', id, '--json'))
  expect(refused).toMatchObject({ code: 'not-steward', next: expect.stringContaining('nora/nora') })
  const one = valueOf(await omar.cli('sign', id, '--json')) as ProposalView
  expect(one).toMatchObject({ state: 'open', own: 'approved', missing: [{ name: 'nora' }] })
  expect(await heightOf(omar)).toBe(1)
  valueOf(await nora.cli('sign', id, '--json'))
  await untilHeight(2, nora, omar, pia, rolf)
})

test('a proposal survives a restart, and a steward can take an approval back', async () => {
  const { id } = valueOf(await nora.cli('propose', 'slots', 'omar/omar', '5', '--json')) as ProposalView
  await until('omar sees it', async () => (await omar.status()).authority?.pending === 1)
  expect(await omar.stop()).toBe(0)
  omar = await bench.start('omar')
  const [open] = await proposalsOf(omar)
  expect(open).toMatchObject({ id, own: null, approved: [{ name: 'nora' }] })
  const declined = valueOf(await nora.cli('decline', id.slice(0, 8), '--json'))
  expect(declined).toMatchObject({ own: 'declined', approved: [], declined: [{ name: 'nora' }] })
})

test('a device is suspended in one command, cut everywhere, and told why and how to come back', async () => {
  await until('rolf is connected', async () => (await stateOf(pia, rolf)) === 'synced')
  const refused = errorOf(await rolf.cli('suspend', 'nora/nora', '--json'))
  expect(refused).toMatchObject({ code: 'not-steward' })
  valueOf(await nora.cli('suspend', 'rolf/rolf', '--reason', 'the box was stolen', '--json'))
  const beganMs = Date.now()
  // All at once: else each waits for those before it to be asked.
  const cuts = [nora, omar, pia].map(async (node) => {
    await until('it knows', async () => (await stateOf(node, rolf)) === 'suspended')
  })
  await Promise.all([...cuts, until('rolf is cut', async () => (await rolf.status()).peers === 0)])
  expect(Date.now() - beganMs).toBeLessThan(CUT_WITHIN_MS)
  await until('rolf knows', async () => (await rolf.status()).standing?.status === 'suspended')
  const status = await rolf.status()
  expect(status.standing?.suspensions).toMatchObject([{ reason: 'the box was stolen', by: { name: 'nora' } }])
  expect(status.warnings.find((it) => it.code === 'suspended')).toMatchObject({
    message: expect.stringContaining('the box was stolen'),
    next: expect.stringContaining('coop propose lift'),
  })
  expect((await nora.cli('members')).stdout).toMatch(/rolf .*suspended/)
  const { id } = await propose(pia, { kind: 'lift', device: 'rolf/rolf' })
  await until('all see it', async () => {
    const counts = await Promise.all([nora, omar].map(async (it) => (await it.status()).authority?.pending))
    return counts.every((it) => it === 2)
  })
  for (const node of [nora, omar]) await node.api('POST', `/v1/proposals/${id}/sign`)
  await untilHeight(3, nora, omar, pia)
  await until('rolf is back', async () => (await stateOf(nora, rolf)) === 'synced')
  expect((await rolf.status()).standing?.status).toBe('active')
})

test('a removed member is cut by all who know, and what it writes later is shown nowhere', async () => {
  await rolf.set('menu', 'soup', 450)
  await until('all have it', async () => (await pia.fields('menu'))['soup'] === 450)
  const { id } = await propose(pia, { kind: 'remove', member: 'rolf' }, 'no payment')
  await until('all see it', async () => (await nora.status()).authority?.pending === 2)
  await nora.api('POST', `/v1/proposals/${id}/sign`)
  await until('omar sees it', async () => (await omar.status()).authority?.pending === 2)
  // What it writes before it has heard of the seal.
  await rolf.api('POST', '/v1/mesh', { state: 'paused' })
  await rolf.set('menu', 'soup', 1)
  await omar.api('POST', `/v1/proposals/${id}/sign`)
  await untilHeight(4, nora, omar, pia)
  await nora.set('menu', 'bread', 120)
  await rolf.api('POST', '/v1/mesh', { state: 'running' })
  await until('rolf knows', async () => (await rolf.status()).standing?.status === 'closed')
  await until('nora has what rolf hands in', async () => {
    return (await deviceOf(nora, rolf))?.commits === (await deviceOf(rolf, rolf))?.commits
  })
  for (const node of [nora, omar, pia]) {
    expect(await stateOf(node, rolf)).toBe('closed')
    expect((await node.fields('menu'))['soup']).toBe(450)
  }
  const status = await rolf.status()
  expect(status.standing?.closedBy).toMatchObject({ reason: 'no payment', height: 4 })
  expect(errorOf(await rolf.cli('board', 'set', 'menu', 'soup', '2', '--json')).code).toBe('device-closed')
  const written = await rolf
    .fields('menu')
    .catch((cause: unknown) => cause instanceof ApiError && cause.body.error.code)
  expect(JSON.stringify(written)).not.toContain('bread')
})

test('a later frontier adopts what the removed device wrote', async () => {
  const commit = (await deviceOf(nora, rolf))?.lastCommit ?? ''
  const { id } = await propose(nora, { kind: 'settle', device: 'rolf/rolf', commit })
  await until('all see it', async () => (await pia.status()).authority?.pending === 2)
  for (const node of [omar, pia]) await node.api('POST', `/v1/proposals/${id}/sign`)
  await until('it is shown', async () => (await nora.fields('menu'))['soup'] === 1)
})

test('the history tells who decided what', async () => {
  const { seals } = valueOf(await pia.cli('history', '--json')) as { seals: SealView[] }
  expect(seals.map((it) => [it.height, it.kind])).toEqual([
    ...[5, 4, 3, 2, 1].map((height) => [height, 'decision']),
    [0, 'founding'],
  ])
  expect(seals[1]).toMatchObject({ decided: { reason: 'no payment', by: { name: 'pia' } }, quorum: 3 })
  expect(seals[1]?.signedBy.map((it) => it.name).sort()).toEqual(['nora', 'omar', 'pia'])
  expect((await pia.cli('members')).stdout).toContain('One loss away from nobody who can decide')
})

test('who leaves is closed by a seal of its own', async () => {
  const left = valueOf(await pia.cli('leave', '--json'))
  expect(left).toMatchObject({ devices: [pia.device] })
  expect(errorOf(await pia.cli('board', 'set', 'menu', 'tea', '1', '--json')).code).toBe('device-closed')
  // All three have to sign it, the one who leaves too.
  await untilHeight(6, nora, omar, pia)
  await until('nora has heard', async () => (await stateOf(nora, pia)) === 'closed')
  expect((await nora.status()).authority?.stewards.map((it) => it.name).sort()).toEqual(['nora', 'omar'])
})
