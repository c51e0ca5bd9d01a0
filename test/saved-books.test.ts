import { expect, test } from 'vitest'
import { openReplica } from '#protocol/coop'
import { decodeBooks } from '#protocol/replica'
import { actSection, admissionMessage, inviteSigner } from '#protocol/authority'
import { certifyDevice } from '#protocol/identity'
import type { Signer } from '#protocol/identity'
import { nodeSigner } from '#node/crypto'
import { seededRandom } from '#simulations/mesh'
import type { MemoryNode } from '#simulations/mesh'
import { inviteSection, listSection, must } from './actors/coop-actors.ts'
import { recordsOf } from './actors/pen.ts'
import { stageOf } from './actors/stage.ts'
import { deviceOf, memberOf } from './actors/stewards.ts'
import { holdSavedBooks, noneReached, opened, said } from './saved-books/law.ts'

/** Chains part, venues are closed, come late and are adopted, seals are split, rights are traded and replaced. */
const RUNS: readonly (readonly [scenario: string, seed: number, nodeEvery: number])[] = [
  ['rogue-till', 2, 23],
  ['lost-venue', 1, 41],
  ['double-signer', 1, 23],
  ['cut-off-venue', 1, 41],
]

test('a replica that is opened from saved books says what one says that saw everything, or that they do not reach', () => {
  const reached = noneReached()
  for (const [scenario, seed, nodeEvery] of RUNS) holdSavedBooks(scenario, seed, reached, nodeEvery)
  for (const [what, count] of Object.entries(reached)) expect(count, what).toBeGreaterThan(0)
}, 60_000)

test('a chain that begins behind saved books is closed with the member that a seal below removed', () => {
  const seed = 9
  const { nodes, mesh, stewards, crypto, coop } = stageOf(seed, 4, 4)
  const [gone, ...rest] = nodes as [MemoryNode, MemoryNode, ...MemoryNode[]]
  const [keeper] = rest as [MemoryNode]
  for (const node of rest) mesh.disconnect(node, gone)
  const wills = rest.slice(0, 3)
  stewards.decide([{ kind: 'remove', member: memberOf(gone) }], { by: keeper, wills, nodes: rest })
  // Whose turn it was is away.
  stewards.keep(rest, 60_000)
  expect(keeper.replica.authority.statusOf(deviceOf(gone))).toBe('closed')
  // Cut off, the founder admits another device of its own, which writes.
  const kit = nodeSigner(seededRandom(seed).bytes(32))
  const second = nodeSigner(new Uint8Array(32).fill(7))
  const secret = new Uint8Array(16).fill(3)
  const invite = inviteSigner(secret, crypto.sha256)
  const names = { memberName: 'Ada', deviceName: 'box' }
  const claim = { invite: invite.publicKey, device: second.publicKey, kit: kit.publicKey, ...names }
  const certificate = certifyDevice(kit, coop, second.publicKey)
  const proof = invite.sign(admissionMessage(coop, claim, crypto.sha256))
  must(gone.author([inviteSection(secret, 'member', crypto)]))
  must(gone.author([actSection({ t: 'admit', ...claim, certificate, proof })]))
  // Books that are saved now know of it: what is folded of the authority document after it changes nothing.
  must(gone.author([inviteSection(new Uint8Array(16).fill(4), 'member', crypto)]))
  const box = openReplica({ coop, crypto, signer: second })
  box.ingest(recordsOf(gone))
  const late = must(box.author([listSection('late', crypto.sha256)], 1)).stored.map(({ record }) => record)

  const { replica } = keeper
  keeper.write(replica.ingest(recordsOf(gone)).stored)
  const first = recordsOf(keeper)
  const books = decodeBooks(replica.saveBooks() ?? new Uint8Array())
  keeper.write(replica.ingest(late).stored)
  const all = recordsOf(keeper)
  const isLate = (of: typeof replica): boolean =>
    of.epochs.evaluation.standingOf(of.history.find(late[0]?.id ?? new Uint8Array(32))).isLate
  expect([books?.length, all.length, isLate(replica)]).toEqual([
    first.length,
    first.length + late.length,
    true,
  ])
  const taking = opened(replica, first, books)
  taking.ingest(late)
  for (const restored of [opened(replica, all, books), taking]) {
    expect(isLate(restored)).toBe(true)
    expect(said(restored, all)).toEqual(said(replica, all))
  }
})

test('what commits do not rely on is known from saved books', () => {
  const { nodes, crypto, coop } = stageOf(10, 1, 1)
  const [keeper, cheat] = nodes as [MemoryNode, MemoryNode & { signer: Signer }]
  const { replica } = keeper
  const before = recordsOf(keeper)
  // Two histories of one device, of which the other one sees both and lists them as a proof.
  for (const name of ['left', 'right']) {
    const copy = openReplica({ coop, crypto, signer: cheat.signer })
    copy.ingest(before)
    const { stored } = must(copy.author([listSection(name, crypto.sha256)], 1))
    keeper.write(replica.ingest(stored.map(({ record }) => record)).stored)
  }
  must(keeper.author([listSection('after', crypto.sha256)]))
  const all = recordsOf(keeper)
  const books = decodeBooks(replica.saveBooks() ?? new Uint8Array())
  expect(replica.epochs.evaluation.cuts.size).toBeGreaterThan(0)
  expect(said(opened(replica, all, books), all)).toEqual(said(replica, all))
})
