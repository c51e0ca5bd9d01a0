import { writeFile } from 'node:fs/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { KitsView, ProposalView, RecoveriesView, SealView } from '#node/host'
import { untilEqual } from '../actors/node-process.ts'
import type { CliResult, ErrorBody, NodeProcess } from '../actors/node-process.ts'
import { until } from '../actors/until.ts'
import { Workbench } from '../actors/workbench.ts'

/** Nora, Omar and Pia are stewards, Rolf is a member. Of two stewards the devices are lost, and the kits are on paper. */
let bench: Workbench
let nora: NodeProcess
let omar: NodeProcess
let pia: NodeProcess
let rolf: NodeProcess
const words = new Map<string, string>()

interface Voiced {
  recovery: string
  isInForce: boolean
  recoveries: RecoveriesView
}

beforeAll(async () => {
  bench = await Workbench.open()
  nora = await enter('nora', null)
  ;[omar, pia, rolf] = (await Promise.all(['omar', 'pia', 'rolf'].map(async (it) => enter(it, nora)))) as [
    NodeProcess,
    NodeProcess,
    NodeProcess,
  ]
  await untilEqual(nora, omar, pia, rolf)
  await nora.api('POST', '/v1/proposals', { changes: [{ kind: 'steward', member: 'omar' }] })
  const changes = [
    { kind: 'steward', member: 'pia' },
    { kind: 'rules', recovery: 'kits' },
  ]
  const { id } = (await nora.api('POST', '/v1/proposals', { changes })) as ProposalView
  await until('omar sees it', async () => (await omar.status()).authority?.waiting === 1)
  await omar.api('POST', `/v1/proposals/${id}/sign`)
  await untilHeight(2, nora, omar, pia, rolf)
  await untilEqual(nora, omar, pia, rolf)
  for (const [name, kit] of words) await writeFile(bench.file(`${name}.kit`), `${kit}\n`)
})
afterAll(() => bench.close())

/** Starts a node, and notes the words of its member's kit as they would be written down. */
async function enter(name: string, host: NodeProcess | null): Promise<NodeProcess> {
  const [node, link] = await Promise.all([bench.start(name), host?.invite('member')])
  const names = { memberName: name, deviceName: name }
  const entered = (await (link === undefined
    ? node.api('POST', '/v1/found', { name: 'North Market', ...names })
    : node.api('POST', '/v1/join', { link, ...names }))) as { recoveryKit: { words: string } }
  words.set(name, entered.recoveryKit.words)
  return node
}

function valueOf(result: CliResult): unknown {
  expect(result, result.stdout + result.stderr).toMatchObject({ code: 0 })
  return JSON.parse(result.stdout)
}

function errorOf(result: CliResult): ErrorBody['error'] {
  expect(result.code, result.stdout).not.toBe(0)
  return (JSON.parse(result.stdout) as ErrorBody).error
}

async function untilHeight(height: number, ...nodes: NodeProcess[]): Promise<void> {
  await until(`seal ${height} is everywhere`, async () => {
    const status = await Promise.all(nodes.map(async (it) => it.status()))
    return status.every((it) => it.authority?.height === height)
  })
}

const CHANGES = ['--steward', 'rolf', '--demote', 'omar', '--demote', 'pia']

test('the kits tell how many may be lost, before anybody is', async () => {
  const kits = valueOf(await rolf.cli('kits', '--json')) as KitsView
  expect(kits.stewards).toEqual({ count: 3, quorum: 3, active: 3, room: 0 })
  expect(kits.recovery).toEqual({ rule: 'kits', count: 4, quorum: 3, room: 1 })
  expect(kits.members.map((it) => it.isElector)).toEqual([true, true, true, true])
  expect(kits.members.filter((it) => it.signs?.status === 'active').length).toBe(3)
  const { stdout } = await rolf.cli('kits')
  expect(stdout).toContain('3 of 3 stewards must agree; one loss away')
  expect(stdout).toContain('3 of 4 electors; 1 may be lost')
})

test('two stewards are lost, and a recovery is asked for with the words of a kit', async () => {
  await Promise.all([omar.kill9(), pia.kill9()])
  const preview = await nora.cli('recover', 'propose', ...CHANGES, '--dry-run')
  expect(preview.stdout).toContain('2 steward(s): nora, rolf; 2 must agree')
  expect(preview.stdout).toContain('nothing was written')
  // Neither the words, nor a kit of nobody here.
  expect(errorOf(await nora.cli('recover', 'propose', ...CHANGES, '--json'))).toMatchObject({ code: 'usage' })
  const voiced = valueOf(
    await nora.cli('recover', 'propose', ...CHANGES, '--kit', bench.file('nora.kit'), '--json'),
  ) as Voiced
  expect(voiced).toMatchObject({ isInForce: false, recoveries: { running: [{ missing: 2 }] } })
  expect(voiced.recoveries.running[0]?.silent.map((it) => it.name).sort()).toEqual(['omar', 'pia', 'rolf'])
})

test('everybody is told of it, and it is in force with the last voice that it takes', async () => {
  await until('rolf is told', async () => (await rolf.status()).authority?.recoveries === 1)
  const { warnings } = await rolf.status()
  expect(warnings.find((it) => it.code === 'recovery-running')?.message).toContain('1 of 3 voices')
  const [running] = ((await rolf.api('GET', '/v1/recoveries')) as RecoveriesView).running
  const id = running?.id.slice(0, 12) ?? ''
  expect((await rolf.cli('recover')).stdout).toContain(`coop recover voice ${id}`)
  const second = valueOf(
    await rolf.cli('recover', 'voice', id, '--kit-file', bench.file('rolf.kit'), '--json'),
  ) as Voiced
  expect(second).toMatchObject({ isInForce: false, recoveries: { running: [{ missing: 1 }] } })
  // Omar lost his device, not his paper.
  const third = valueOf(
    await rolf.cli('recover', 'voice', id, '--kit', bench.file('omar.kit'), '--json'),
  ) as Voiced
  expect(third).toMatchObject({ isInForce: true, recoveries: { running: [], last: { isFinal: false } } })
  await untilHeight(3, nora, rolf)
  const over = errorOf(await rolf.cli('recover', 'voice', id, '--kit', bench.file('pia.kit'), '--json'))
  expect(over).toMatchObject({
    code: 'recovery-unknown',
    message: expect.stringContaining('in force, as seal 3'),
  })
})

test('the third steward goes on with the new one', async () => {
  const change = { kind: 'slots', device: 'rolf/rolf', count: 3 }
  const { id } = (await nora.api('POST', '/v1/proposals', { changes: [change] })) as ProposalView
  await until('rolf may sign', async () => (await rolf.status()).authority?.waiting === 1)
  await rolf.api('POST', `/v1/proposals/${id}/sign`)
  await untilHeight(4, nora, rolf)
})

test('a lost steward who comes back sees what happened', async () => {
  pia = await bench.start('pia')
  await untilHeight(4, pia)
  const { warnings, role } = await pia.status()
  expect(role).toBe('member')
  expect(warnings.find((it) => it.code === 'recovered')).toMatchObject({
    message: expect.stringContaining('seal 3'),
    next: expect.stringContaining('rolf/rolf'),
  })
  const { seals } = valueOf(await pia.cli('history', '--json')) as { seals: SealView[] }
  const recovery = seals.find((it) => it.kind === 'recovery')
  expect(recovery?.recovered?.voices.map((it) => it.name).sort()).toEqual(['nora', 'omar', 'rolf'])
  expect(recovery?.recovered).toMatchObject({ isFinal: true })
  expect((await pia.cli('history')).stdout).toContain('make rolf a steward')
  await untilEqual(nora, rolf, pia)
})

test('where devices speak, whoever lost one gets another by the kit, and speaks with that', async () => {
  const { id } = (await nora.api('POST', '/v1/proposals', {
    changes: [{ kind: 'rules', recovery: 'member-quorum' }],
  })) as ProposalView
  await until('rolf may sign', async () => (await rolf.status()).authority?.waiting === 1)
  await rolf.api('POST', `/v1/proposals/${id}/sign`)
  await untilHeight(5, nora, rolf, pia)
  const refused = errorOf(
    await pia.cli('recover', 'propose', '--steward', 'pia', '--kit', bench.file('pia.kit'), '--json'),
  )
  expect(refused.message).toContain('recovery-rule')
  const [laptop, link] = await Promise.all([bench.start('laptop'), nora.invite('member')])
  await laptop.api('POST', '/v1/join', { link, kitWords: words.get('omar'), deviceName: 'laptop' })
  const asked = valueOf(await pia.cli('recover', 'propose', '--steward', 'pia', '--json')) as Voiced
  for (const node of [rolf, laptop])
    await until('it is known', async () => (await node.status()).authority?.recoveries === 1)
  await rolf.api('POST', `/v1/recoveries/${asked.recovery}/voice`, {})
  const last = (await laptop.api('POST', `/v1/recoveries/${asked.recovery}/voice`, {})) as Voiced
  expect(last.recoveries.last?.voices.map((it) => it.name).sort()).toEqual(['omar', 'pia', 'rolf'])
  await untilHeight(6, nora, rolf, pia, laptop)
})
