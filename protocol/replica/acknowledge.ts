import { compareBytes } from '../encoding/index.ts'
import type { Branch, History, PastVector } from '../history/index.ts'

/** What a new commit should list, and what it will rely on. */
export interface Acknowledgements {
  /** Orders of the heads, the newest first; two that prove a fork follow each other. */
  heads: number[]
  /** What its past will hold. */
  known: PastVector
  relied: PastVector
}

/** Who is about to write, and how the commits of others stand. */
export interface Acknowledging {
  /** Order of the author's last commit; -1 before its first. */
  own: number
  /** Number of the author's device; -1 before its first commit. */
  device: number
  /** Seq up to which the chain that ends with the commit is good: neither contested nor late; -1 for nothing of it. */
  goodUpTo(order: number): number
  /** True when the device has, or had, commits that are not good. */
  isDoubted(device: number): boolean
  /** Commits that are to be known and need not be relied on: they prove the epoch to cite, or are to be settled. */
  toKnow: readonly number[]
}

/**
 * What a new commit should list: all that is good and not relied on yet, without what another head covers. Of a forked
 * device also its fork proof, the first two commits where it parted, unless the past shows that place already, so that
 * whoever relies on the new commit knows of the fork; and what else it is to know.
 */
export function planAcknowledgements(history: History, author: Acknowledging): Acknowledgements {
  const known = history.past.copy(author.own)
  const relied = history.reliance.copy(author.own)
  const candidates: number[] = []
  /** By commit that proves a fork: the last one before the place; -1 for none. */
  const proofs = new Map<number, number>()
  for (let device = 0; device < history.deviceCount; device += 1) {
    if (device === author.device) continue
    if (!author.isDoubted(device)) {
      candidates.push(...history.endsOf(device))
      continue
    }
    const branches = history.branchesOf(device)
    candidates.push(...lastGood(branches, author))
    const forkSeq = history.forks.get(device)
    if (forkSeq === undefined) continue
    const proof = forkProof(history, branches)
    const before = forkSeq === 0 ? -1 : history.prevOf(proof[0] ?? -1)
    if (history.forkSeqIn(known, device) > forkSeq) for (const order of proof) proofs.set(order, before)
  }
  candidates.push(...proofs.keys())
  const heads: number[] = []
  // From the newest: what relies on another commit comes after it in the log.
  for (const order of candidates.sort((a, b) => b - a)) {
    const before = proofs.get(order)
    const isNews = !(before === undefined ? relied : known).knows(
      history.branchOf(order),
      history.seqOf(order),
    )
    if (!isNews) continue
    heads.push(order)
    known.add(order)
    if (before === undefined) relied.add(order)
    else if (before >= 0) relied.add(before)
  }
  const listed = withPairs(history, heads, proofs)
  for (const order of author.toKnow) {
    if (known.knows(history.branchOf(order), history.seqOf(order))) continue
    listed.push(order)
    known.add(order)
  }
  return { heads: listed, known, relied }
}

/** The last good commit on the way to each end of a device, each once. */
function lastGood(branches: readonly Branch[], { goodUpTo }: Acknowledging): number[] {
  const last = branches.map((branch) => branch.at(goodUpTo(branch.end)))
  return [...new Set(last)].filter((order) => order >= 0)
}

/** The same heads, with what proves a device's fork brought together where the first of it stands. */
function withPairs(
  history: History,
  heads: readonly number[],
  proofs: ReadonlyMap<number, number>,
): number[] {
  const pairs = new Map<number, number[]>()
  for (const order of heads) {
    const device = history.deviceOf(order)
    if (proofs.has(order)) pairs.set(device, [...(pairs.get(device) ?? []), order])
  }
  return heads.flatMap((order) => {
    if (!proofs.has(order)) return [order]
    const pair = pairs.get(history.deviceOf(order)) ?? []
    return pair[0] === order ? pair : []
  })
}

/** Two commits of one seq, at the lowest place where the device parted from itself; of several, those of lowest id. */
export function forkProof(history: History, branches: readonly Branch[]): readonly number[] {
  // Whatever parts at the lowest place parts from the branch that turned up first, or begins beside it.
  const [trunk, ...others] = branches
  const base = others.reduce((lowest, it) => Math.min(lowest, it.base), Infinity)
  const ways = others.filter((it) => it.base === base).map((it) => it.at(base))
  if (trunk !== undefined) ways.push(trunk.at(base))
  return ways.sort((a, b) => compareBytes(history.idOf(a), history.idOf(b))).slice(0, 2)
}
