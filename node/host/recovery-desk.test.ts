import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pino from 'pino'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { CoopNode } from './coop-node.ts'
import { kitsView } from './kits-view.ts'
import { newKit } from './recovery-kit.ts'
import type { RecoveryRequest } from './recovery-desk.ts'
import { recoveriesView } from './recovery-view.ts'
import { sealHistory } from './seal-history.ts'

let folder: string
let node: CoopNode
let words: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'coopmesh-recovery-'))
  node = await CoopNode.open({
    ...{ dataPath: folder, statePath: null, passphrase: undefined, port: 0, host: '127.0.0.1' },
    ...{ isMdnsOn: false, log: pino({ level: 'silent' }) },
  })
  words = (await node.found('North Market', { memberName: 'Ada', deviceName: 'nas' })).words ?? ''
})
afterEach(async () => {
  vi.restoreAllMocks()
  await node.close()
  await rm(folder, { recursive: true, force: true })
})

const AGAIN: readonly RecoveryRequest[] = [{ kind: 'steward', member: 'Ada' }]

test('a device speaks where the rules want devices, and a kit is refused by the rule', async () => {
  await expect(node.recovery.propose(AGAIN, words)).rejects.toMatchObject({
    code: 'refused',
    message: expect.stringContaining('recovery-rule'),
    next: expect.stringContaining('coop join LINK --kit'),
  })
  // The founder is the one elector: one voice is all.
  const id = await node.recovery.propose(AGAIN, null)
  const { tip } = node.membership.engine.replica.authority.epochs
  expect([tip.name, tip.isRecovery]).toEqual([id, true])
  const { seals } = await sealHistory(node.membership.engine)
  expect(seals[0]).toMatchObject({
    kind: 'recovery',
    recovered: { isFinal: false, voices: [{ name: 'Ada' }], changes: [{ kind: 'steward' }] },
  })
  expect(await recoveriesView(node.membership.engine)).toMatchObject({ running: [], last: { height: 1 } })
  await expect(node.recovery.voice(id.slice(0, 8), null)).rejects.toMatchObject({
    code: 'recovery-unknown',
    message: expect.stringContaining('in force'),
  })
})

test('a kit speaks where the rules want kits: none, half a one and that of a stranger are told apart', async () => {
  await node.authority.propose([{ kind: 'rules', recovery: 'kits' }], '')
  await expect(node.recovery.propose(AGAIN, null)).rejects.toMatchObject({
    message: expect.stringContaining('recovery-rule'),
    next: expect.stringContaining('Ada; 1 of them'),
  })
  const half = words.split(' ').slice(0, 12).join(' ')
  await expect(node.recovery.propose(AGAIN, half)).rejects.toMatchObject({ code: 'kit-malformed' })
  await expect(node.recovery.propose(AGAIN, newKit().words)).rejects.toMatchObject({
    code: 'kit-unknown',
    message: expect.stringContaining('not-elector'),
  })
  await node.recovery.propose(AGAIN, words)
  expect(node.membership.engine.replica.authority.epochs.tip.isRecovery).toBe(true)
})

test('a recovery is sealed under at once where the frontier is older than a day', async () => {
  const nowMs = Date.now() + 25 * 3_600_000
  vi.spyOn(Date, 'now').mockReturnValue(nowMs)
  await node.recovery.propose(AGAIN, null)
  const { epochs } = node.membership.engine.replica.authority
  await vi.waitFor(() => expect(epochs.tip.height).toBe(2))
  expect(await recoveriesView(node.membership.engine)).toMatchObject({ last: { height: 1, isFinal: true } })
})

test('what does not fit is not even spoken for', async () => {
  const length = node.membership.engine.replica.logLength
  const demote = [{ kind: 'demote', member: 'Ada' }] as const
  await expect(node.recovery.propose(demote, null)).rejects.toMatchObject({
    message: expect.stringContaining('decision-unfit'),
  })
  await expect(node.recovery.propose([], null)).rejects.toMatchObject({ code: 'usage' })
  const bo = [{ kind: 'steward', member: 'Bo' }] as const
  await expect(node.recovery.propose(bo, null)).rejects.toMatchObject({ code: 'member-unknown' })
  await expect(node.recovery.voice('00000000', null)).rejects.toMatchObject({ code: 'recovery-unknown' })
  expect(node.membership.engine.replica.logLength).toBe(length)
})

test('the kits say what a loss would cost', async () => {
  expect(await kitsView(node.membership.engine)).toMatchObject({
    members: [{ name: 'Ada', isSteward: true, devices: 1, isElector: true, signs: { status: 'active' } }],
    stewards: { count: 1, quorum: 1, active: 1, room: 0 },
    recovery: { rule: 'member-quorum', count: 1, quorum: 1, room: 0 },
  })
})
