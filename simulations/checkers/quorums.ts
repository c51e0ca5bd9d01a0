import { AUTHORITY, decodeSeal } from '#protocol/authority'
import type { Epoch, SealRecord } from '#protocol/authority'
import type { CommitRecord } from '#protocol/commit'
import { decodeCanonical, toHex } from '#protocol/encoding'
import type { ValueMap } from '#protocol/encoding'
import type { SimNode } from '../peers/index.ts'
import { violation } from './checker.ts'
import type { CheckedWorld, Checker } from './checker.ts'

/**
 * Fewer than a quorum decide nothing: each seal that a node holds was signed in one round by as many stewards of its parent as
 * the rules ask for, and what it decides was approved of by as many; worked out from the commits' bytes alone. A seal without a
 * decision removes nobody, and closes only who left.
 */
export const quorums: Checker = (world) => {
  if (!world.isGoverned) return []
  const { verified } = world.books.line
  return world.nodes.flatMap((node) => {
    for (const epoch of node.replica?.authority.epochs.all() ?? []) {
      const name = `${node.slot}/${epoch.name}`
      if (epoch.parent === null || verified.has(name)) continue
      const problem = problemOf(epoch, epoch.parent, { node, world })
      if (problem === null) verified.add(name)
      if (problem === null || problem === LATER) continue
      const detail = `node ${node.number} holds the seal ${epoch.name.slice(0, 12)} of height ${epoch.height}: ${problem}`
      return [violation(world, { checker: 'quorums', kind: 'correctness', detail, nodes: [node.number] })]
    }
    return []
  })
}

/** What a seal rests on is not on the disk yet. */
const LATER = 'later'

function problemOf(
  epoch: Epoch,
  parent: Epoch,
  { node, world }: { node: SimNode; world: CheckedWorld },
): string | null {
  const commits = epoch.votes.certificate.map((order) => node.disk.at(order)?.record)
  if (commits.length === 0) return 'nobody signed it'
  if (commits.includes(undefined)) return LATER
  const acts = commits.flatMap((record) => (record === undefined ? [] : [{ record, act: actOf(record) }]))
  const isOf = (seal: unknown): boolean =>
    seal instanceof Uint8Array &&
    (toHex(seal) === epoch.name || toHex(world.books.digestOf(seal)) === epoch.name)
  if (epoch.isRecovery) {
    const speaks = acts.every(
      ({ act }) => (act['t'] === 'kits' || act['t'] === 'recover') && isOf(act['seal']),
    )
    const isMore = epoch.removals > 0 || epoch.facts.closed.length > 0
    return !speaks ? 'a voice for it is none' : isMore ? 'a recovery closes or removes' : null
  }
  const rounds = new Set(acts.map(({ act }) => act['round']))
  const isSigned = acts.every(({ act }) => act['t'] === 'sign' && isOf(act['seal']))
  if (!isSigned || rounds.size !== 1) return 'its certificate is not made of signatures of one round'
  const signed = stewardsIn(
    acts.map((it) => it.record),
    parent,
  )
  const needed = neededOf(parent)
  if (signed < needed) return `${signed} of ${parent.stewards.size} stewards signed it, ${needed} must`
  const record = recordOf(node, isOf)
  return record === null ? LATER : decisionProblem(record, epoch, parent, node)
}

/** More than two thirds of the stewards, or more than half. */
function neededOf({ stewards, rules }: Epoch): number {
  const [over, of] = rules.quorum === 'majority' ? [1, 2] : [2, 3]
  for (let count = 1; ; count += 1) if (of * count > over * stewards.size) return count
}

function decisionProblem(record: SealRecord, epoch: Epoch, parent: Epoch, node: SimNode): string | null {
  const { decision } = record
  if (decision === null) {
    const left = new Set(record.left.map(toHex))
    const isMore = epoch.removals > 0 || epoch.facts.closed.some((it) => !left.has(it))
    return isMore ? 'it decides nothing, and removes or closes all the same' : null
  }
  const approvals = decision.approvals.map((id) => node.disk.at(node.replica?.history.find(id) ?? -1)?.record)
  if (approvals.includes(undefined)) return LATER
  const given = approvals.filter((it) => it !== undefined)
  const isGood = given.every((it) => {
    const { t, proposal } = actOf(it)
    return t === 'approve' && proposal instanceof Uint8Array && toHex(proposal) === toHex(decision.proposal)
  })
  const count = stewardsIn(given, parent)
  if (!isGood) return 'an approval that it lists is none'
  return count < neededOf(parent) ? `${count} of ${parent.stewards.size} stewards approved of it` : null
}

/** Different stewards of an epoch for whose devices these commits speak. */
function stewardsIn(records: readonly CommitRecord[], { stewards }: Epoch): number {
  const devices = new Set(records.map((it) => toHex(it.header.device)))
  return [...stewards.values()].filter((device) => devices.has(device)).length
}

/** The record of a seal, from the first commit that bears its bytes; null while there is none on the disk. */
function recordOf({ disk }: SimNode, isOf: (seal: unknown) => boolean): SealRecord | null {
  for (let at = 0; at < disk.length; at += 1) {
    const record = disk.at(at)?.record
    if (record === undefined || record.header.sections[0]?.document !== AUTHORITY) continue
    const { seal } = actOf(record)
    if (seal instanceof Uint8Array && seal.length > 32 && isOf(seal)) return decodeSeal(seal)
  }
  return null
}

function actOf({ header, payloads }: CommitRecord): ValueMap {
  const at = header.sections.findIndex((it) => it.document === AUTHORITY)
  const decoded = decodeCanonical(payloads[at] ?? new Uint8Array())
  const [map] = decoded.ok && Array.isArray(decoded.value) ? decoded.value : []
  return typeof map === 'object' && map !== null && !Array.isArray(map) && !(map instanceof Uint8Array)
    ? map
    : {}
}
