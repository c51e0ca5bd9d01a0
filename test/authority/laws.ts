import { expect } from 'vitest'
import type { Choices } from '../evaluation/choices.ts'
import type { Reached } from '../evaluation/reached.ts'
import { lineOf, quorumOf, stewardOf } from './epoch.ts'
import type { Epoch } from './epoch.ts'
import { generateDuel } from './duel.ts'
import { heal } from './heal.ts'
import { BEREFT, CROWDED, USUAL, generateHistory } from './history-generator.ts'
import type { HistoryOptions } from './history-generator.ts'
import { doubleSigners } from './mesh.ts'
import { arrivals } from './arrivals.ts'
import type { Mesh, Node } from './mesh.ts'
import { Oracle } from './oracle.ts'
import { generateRecovery } from './recovery-generator.ts'
import { chosenLine, rosterOf } from './roster.ts'
import { chainOf, forkIn } from './world.ts'
import type { Commit } from './world.ts'

/** Holds for every history that is drawn; notes what the history reached. */
export type Law = (draw: Choices, reached: Reached, options?: HistoryOptions) => void

/** Passes of 10 s in which honest stewards in touch seal what is to be sealed: ten rounds of 60 s for each seal. */
const PASSES_MAX = 240

/** Every causal order gives one line, one roster and the same verdicts. */
export const ignoresTheOrder: Law = (draw, reached, options = USUAL) => {
  const mesh = generateHistory(draw, options)
  const { oracle } = mesh
  const commits = [...oracle.commits]
  const orders = [1, 2].map(() => arrivals(mesh.oracle, mesh.draw))
  const [first, second] = orders.map((order) => new Oracle(oracle.genesis, order, options.rules))
  expect(rosterOf(second as Oracle)).toEqual(rosterOf(first as Oracle))
  const part = new Oracle(
    oracle.genesis,
    (orders[0] as Commit[]).slice(0, draw.below(commits.length)),
    options.rules,
  )
  for (const other of [first, second, part])
    for (const it of (other as Oracle).commits) expect((other as Oracle).verdict(it)).toBe(oracle.verdict(it))
  noteHistory(mesh.oracle, reached)
}

/** Whatever arrives, in whatever order, what was settled stays settled. */
export const keepsWhatIsSettled: Law = (draw, reached, options = USUAL) => {
  const mesh = generateHistory(draw, options)
  heal(mesh, { attacks: 0, reveals: draw.chance(50), passesMax: 30 })
  if (isBeyondBound(mesh, reached)) return
  const replica = new Oracle(mesh.oracle.genesis, [], options.rules)
  let settled = new Set<Commit>()
  let tip = replica.genesis.coop
  for (const commit of arrivals(mesh.oracle, mesh.draw)) {
    replica.add(commit)
    if (commit.act === null || !('seal' in commit.act)) continue
    const roster = rosterOf(replica)
    const now = roster.line.at(-1) as string
    if (now === tip) continue
    reached.note('line moved aside', !roster.line.includes(tip))
    tip = now
    const epoch = replica.epoch(tip)
    const before = settled
    settled = new Set([...replica.commits].filter((it) => replica.isSettled(it, epoch)))
    for (const it of before)
      expect(settled.has(it), `${it.id} of ${it.device} is settled no longer`).toBe(true)
  }
  reached.note('seals', replica.epoch(tip).height >= 3)
}

/** No honest chain cites an ancestor of an epoch it knows, and every epoch it cites has its certificate there. */
export const citesNoAncestor: Law = (draw, reached, options = USUAL) => {
  const mesh = generateHistory(draw, options)
  const { oracle, nodes } = mesh
  for (const node of nodes.filter((it) => !it.isHostile))
    for (const commit of chainOf(node.head)) {
      const cited = oracle.epoch(commit.epoch)
      for (const id of oracle.committed(oracle.before(commit)).keys())
        expect(id !== cited.id && lineOf(oracle.epoch(id)).includes(cited)).toBe(false)
      expect(oracle.isCitable(commit)).toBe(true)
      if (commit.prev !== null) {
        const before = oracle.epoch(commit.prev.epoch)
        expect(before !== cited && lineOf(before).includes(cited)).toBe(false)
      }
    }
  noteHistory(mesh.oracle, reached)
}

/** Fewer than a quorum of the parent's stewards change nothing, with whatever hostile help. */
export const needsAQuorum: Law = (draw, reached, options = { ...USUAL, hostileStewards: [1, 2] }) => {
  const { oracle } = generateHistory(draw, options)
  for (const seal of oracle.committed(oracle.commits).values()) {
    if (seal.changes !== null) continue
    const parent = oracle.epoch(seal.parent)
    const quorum = quorumOf(parent.stewards.size, parent.rules.quorum)
    const signers = [...oracle.commits].filter(
      (it) => it.act?.t === 'sign' && it.act.seal.id === seal.id && oracle.isValid(it),
    )
    expect(new Set(signers.map((it) => it.device)).size).toBeGreaterThanOrEqual(quorum)
    expect(signers.every((it) => stewardOf(parent, it.device) !== undefined)).toBe(true)
    if (seal.decision !== null) expect(seal.decision.approvals.length).toBeGreaterThanOrEqual(quorum)
    reached.note('removal', oracle.epoch(seal.id).removed.size > parent.removed.size)
  }
}

/** No valid admission takes a key that its own past shows closed; so a closed key stays out. */
export const keepsClosedKeysOut: Law = (draw, reached, options = USUAL) => {
  const mesh = generateHistory(draw, options)
  heal(mesh, { attacks: 0, reveals: false, passesMax: 30 })
  const { oracle } = mesh
  const replica = new Oracle(oracle.genesis, [], options.rules)
  const closed = new Map<string, { epoch: string; first: number }>()
  for (const commit of arrivals(mesh.oracle, mesh.draw)) {
    replica.add(commit)
    if (commit.act === null || !('seal' in commit.act || 'device' in commit.act)) continue
    const { line, devices } = rosterOf(replica)
    for (const [device, { status }] of Object.entries(devices)) {
      const since = closed.get(device)
      const isClosed = status === 'closed' || (status === 'left' && since !== undefined)
      if (isClosed && since === undefined)
        closed.set(device, { epoch: line.at(-1) as string, first: replica.commits.size })
      if (isClosed || since === undefined || !line.includes(since.epoch)) continue
      const fresh = replica
        .admissions(replica.commits, device)
        .filter(
          (it) => line.indexOf(it.epoch) > 0 && replica.admissions(replica.before(it), device).length === 0,
        )
      expect(fresh.length, `${device} is back`).toBeGreaterThan(0)
      reached.note('admitted anew', true)
    }
  }
  reached.note('closed', closed.size > 0)
  reached.note(
    'closed key refused',
    [...oracle.commits].some((it) => oracle.verdict(it) === 'device-closed'),
  )
}

/** With no more double signers than the quorum bears no parent ever has two ordinary children. */
export const commitsOneChild: Law = (draw, reached, options = CROWDED) => {
  const mesh = generateDuel(draw, options)
  heal(mesh, { attacks: 0, reveals: false, passesMax: 40 })
  const { oracle } = mesh
  const seals = [...oracle.committed(oracle.commits).values()].filter((it) => it.changes === null)
  for (const parent of new Set(seals.map((it) => it.parent))) {
    const epoch = oracle.epoch(parent)
    const count = epoch.stewards.size
    const borne = 2 * quorumOf(count, epoch.rules.quorum) - count
    const doubles = doubleSigners(mesh, epoch)
    reached.note('double signer borne', doubles > 0 && doubles < borne)
    if (doubles < borne) expect(seals.filter((it) => it.parent === parent).length).toBe(1)
  }
  noteHistory(mesh.oracle, reached)
}

/** Honest stewards that are a quorum in touch get to a seal of everything there is reason for. */
export const decides: Law = (draw, reached, options = { ...USUAL, loses: 5 }) => {
  const mesh = draw.chance(50) ? generateHistory(draw, options) : generateDuel(draw, options)
  const { passes, isPending, hasQuorum } = heal(mesh, {
    attacks: draw.below(20),
    reveals: draw.chance(50),
    passesMax: PASSES_MAX,
  })
  reached.note('quorum', hasQuorum)
  reached.note('long', hasQuorum && passes > 30)
  reached.note('pending for want of a quorum', isPending && !hasQuorum)
  if (hasQuorum) expect(isPending, `after ${passes} passes`).toBe(false)
  noteHistory(mesh.oracle, reached)
}

/** A commit that was withheld while life went on takes nothing back when it turns up. */
export const rollsNothingBack: Law = (draw, reached, options = { ...USUAL, loses: 60 }) => {
  const mesh = generateHistory(draw, options)
  heal(mesh, { attacks: 0, reveals: false, passesMax: 60 })
  if (isBeyondBound(mesh, reached)) return
  const [known] = mesh.nodes.filter((it) => !it.isHostile && !it.isLost && it.head !== null)
  if (known === undefined) return
  const before = new Oracle(mesh.oracle.genesis, known.store, options.rules)
  const after = mesh.oracle
  const [was, is] = [rosterOf(before).line, rosterOf(after).line]
  const [tip, next] = [after.epoch(was.at(-1) as string), after.epoch(is.at(-1) as string)]
  for (const it of known.store)
    if (after.isSettled(it, tip)) expect(after.isSettled(it, next), `${it.id} was rolled back`).toBe(true)
  reached.note('withheld', after.commits.size > known.store.size)
  reached.note('recovered', tip.record !== null && lineOf(tip).some((it) => it.record?.changes))
}

/** Members recover; it stays when it has a child, whatever lost stewards and voters left behind, and yields without. */
export const recovers: Law = (draw, reached, options = BEREFT) => {
  const mesh = generateRecovery(draw, options)
  if (isBeyondBound(mesh, reached)) return
  const { oracle } = mesh
  const witness = mesh.nodes.find((it) => !it.isLost) as Node
  const was = chosenLine(oracle, witness.store).map((id) => oracle.epoch(id))
  const tip = was.at(-1) as Epoch
  const { line } = rosterOf(oracle)
  const recovery = was.findIndex((it) => it.record?.changes)
  reached.note('recovered', recovery > 0)
  reached.note('with a child', recovery > 0 && recovery < was.length - 1)
  const seals = [...oracle.committed(oracle.commits).values()]
  const parents = new Set(seals.map((it) => it.parent))
  for (const parent of parents) {
    const children = seals.filter((it) => it.parent === parent)
    reached.note('rivals', children.length > 1)
    const chosen = children.find((it) => line.includes(it.id))
    const isOrdinary = children.some((it) => it.changes === null)
    if (chosen?.changes && isOrdinary) expect(parents.has(chosen.id), 'a recovery without a child').toBe(true)
  }
  if (recovery === was.length - 1 || tip.height < 2) return
  expect(line.includes(tip.id), 'the line that people lived on').toBe(true)
}

/** Whether more stewards of some epoch double sign than its quorum bears, or a recovery and a seal both went on. */
function isBeyondBound(mesh: Mesh, reached: Reached): boolean {
  const { oracle } = mesh
  const seals = [...oracle.committed(oracle.commits).values()]
  const isBad = (epoch: Epoch): boolean => {
    const count = epoch.stewards.size
    const doubles = doubleSigners(mesh, epoch)
    if (doubles > 0 && doubles >= 2 * quorumOf(count, epoch.rules.quorum) - count) return true
    const children = seals.filter((it) => it.parent === epoch.id)
    return children.filter((it) => seals.some((other) => other.parent === it.id)).length > 1
  }
  const isBeyond = [oracle.genesis.coop, ...seals.map((it) => it.id)].some((id) => isBad(oracle.epoch(id)))
  reached.note('beyond the bound', isBeyond)
  return isBeyond
}

/** Notes what the history reached. */
export function noteHistory(oracle: Oracle, reached: Reached): void {
  const commits = [...oracle.commits]
  const seals = [...oracle.committed(commits).values()]
  const has = (kind: string): boolean => commits.some((it) => it.act?.t === kind && oracle.isValid(it))
  reached.note(
    'three seals',
    seals.some((it) => it.height >= 3),
  )
  reached.note(
    'decision',
    seals.some((it) => it.decision !== null && it.height > 1),
  )
  reached.note(
    'recovery',
    seals.some((it) => it.changes !== null),
  )
  reached.note('siblings', new Set(seals.map((it) => it.parent)).size < seals.length)
  reached.note(
    'removed',
    seals.some((it) => oracle.epoch(it.id).removed.size > 0),
  )
  reached.note(
    'fork',
    commits.some((it) => forkIn(commits, it.device) < Infinity),
  )
  reached.note('extend', has('extend'))
  reached.note('leave', has('leave'))
  reached.note('suspend', has('suspend'))
  reached.note(
    'later round',
    commits.some((it) => it.act?.t === 'sign' && it.act.round > 0 && oracle.isValid(it)),
  )
  reached.note(
    'outdated',
    commits.some((it) => oracle.verdict(it) === 'epoch-outdated'),
  )
}
