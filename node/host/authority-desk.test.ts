import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pino from 'pino'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { AUTHORITY } from '#protocol/authority'
import type { ChangeRequest } from './change-request.ts'
import { CoopNode } from './coop-node.ts'
import { proposalView } from './proposal-view.ts'
import type { ProposalView } from './proposal-view.ts'
import { sealHistory } from './seal-history.ts'

let folder: string
let node: CoopNode

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'coopmesh-authority-'))
  node = await CoopNode.open({
    ...{ dataPath: folder, statePath: null, passphrase: undefined, port: 0, host: '127.0.0.1' },
    ...{ isMdnsOn: false, log: pino({ level: 'silent' }) },
  })
  await node.found('North Market', { memberName: 'Ada', deviceName: 'nas' })
})
afterEach(async () => {
  await node.close()
  await rm(folder, { recursive: true, force: true })
})

async function propose(change: ChangeRequest, reason = ''): Promise<ProposalView> {
  const id = await node.authority.propose([change], reason)
  return proposalView(node.membership.engine.replica, node.authority.find(id))
}

test('the only steward decides alone, and the seal is in the history', async () => {
  const { authority, device } = node.membership.engine.replica
  const before = authority.slotsOf(device ?? '')
  expect(await propose({ kind: 'slots', device: 'nas', count: 7 }, 'a fair')).toMatchObject({
    ...{ state: 'decided', reason: 'a fair', quorum: 1, approved: [{ name: 'Ada' }], missing: [] },
    changes: [{ kind: 'slots', text: 'let Ada/nas admit 7 more' }],
  })
  expect(authority.slotsOf(device ?? '')).toBe(before + 7)
  const { seals, isMore } = await sealHistory(node.membership.engine)
  expect(isMore).toBe(false)
  expect(seals.map((it) => [it.height, it.kind])).toEqual([
    [1, 'decision'],
    [0, 'founding'],
  ])
  expect(seals[0]).toMatchObject({ signedBy: [{ name: 'Ada' }], decided: { reason: 'a fair' } })
  expect(seals[0]?.sealedAtMs).toBeGreaterThan(Date.now() - 60_000)
})

test('what could never become a seal is not even asked', async () => {
  const length = node.membership.engine.replica.logLength
  for (const change of [
    { kind: 'demote', member: 'Ada' },
    { kind: 'remove', member: 'Ada' },
    { kind: 'close', device: 'nas' },
    { kind: 'floor', height: 9 },
    { kind: 'lift', device: 'nas' },
  ] as const)
    await expect(propose(change)).rejects.toMatchObject({ code: 'refused' })
  await expect(propose({ kind: 'remove', member: 'Bo' })).rejects.toMatchObject({ code: 'member-unknown' })
  await expect(propose({ kind: 'floor', height: 1 }, 'x\u202Ey')).rejects.toMatchObject({ code: 'usage' })
  await expect(node.authority.say('approve', '00000000')).rejects.toMatchObject({ code: 'proposal-unknown' })
  expect(node.membership.engine.replica.logLength).toBe(length)
})

test('the only steward cannot leave, and a wrong kit leaves with nobody', async () => {
  await expect(node.authority.leave(null)).rejects.toMatchObject({
    code: 'refused',
    message: expect.stringContaining('decision-unfit'),
  })
  await expect(node.authority.leave('not a kit')).rejects.toMatchObject({ code: 'refused' })
})

test('a failed act of the ballot is written later, and one act is written at a time', async () => {
  const { engine } = node.membership
  const append = engine.append.bind(engine)
  let acts = 0
  let underWay = 0
  let mostAtOnce = 0
  vi.spyOn(engine, 'append').mockImplementation(async (sections, basis) => {
    acts += 1
    // Propose, approve, and then the seal.
    if (acts === 3) throw new Error('the disk is away')
    underWay += 1
    mostAtOnce = Math.max(mostAtOnce, underWay)
    return append(sections, basis).finally(() => {
      underWay -= 1
    })
  })
  const first = await propose({ kind: 'slots', device: 'nas', count: 1 })
  expect(first.state).toBe('approved')
  const second = await propose({ kind: 'slots', device: 'nas', count: 2 })
  await vi.waitFor(() => expect(engine.replica.authority.epochs.tip.height).toBe(2))
  expect(second.id).not.toBe(first.id)
  expect(mostAtOnce).toBeLessThanOrEqual(2) // the person's act, and one of the ballot
  const { orders } = engine.replica.documentLog(AUTHORITY) ?? { orders: { length: 0 } }
  expect(orders.length).toBe(1 + 2 * 2 + 2)
})
