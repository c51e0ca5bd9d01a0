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
  /** Suspended devices, nothing new of which is listed, by number: the commits that suspend them. */
  avoided: ReadonlyMap<number, readonly number[]>
  /** Commits that pay the author: it is paid by what it lists itself, whoever else listed that. */
  incoming: readonly number[]
  /** Commits that admit the chain with this first commit, of those that it relies on. */
  admissionsOf(first: number): readonly number[]
  /**
   * Commits that are to be known whoever wrote them and however they stand: they prove the epoch to cite, are to be
   * settled, or something is built on them. Asked once the rest is listed.
   *
   * @param knows - true for what is in the past of the commit as far as it is planned
   */
  toKnow(knows: (order: number) => boolean): readonly number[]
}

/**
 * What a new commit should list: all that is good and not relied on yet, without what another head covers. Of a forked
 * device also its fork proof, the first two commits where it parted, unless the past shows that place already, so that
 * whoever relies on the new commit knows of the fork; and what else it is to know.
 *
 * Nothing new of a suspended device, nor of a chain that only such a device admitted and of which nothing is relied on
 * yet; but what others list of it comes with them. Its fork proof is listed when that brings nothing else of it.
 */
export function planAcknowledgements(history: History, author: Acknowledging): Acknowledgements {
  const known = history.past.copy(author.own)
  const relied = history.reliance.copy(author.own)
  const knows = (order: number): boolean => known.knows(history.branchOf(order), history.seqOf(order))
  const candidates: number[] = []
  /** By commit that proves a fork: the last one before the place; -1 for none. */
  const proofs = new Map<number, number>()
  for (let device = 0; device < history.deviceCount; device += 1) {
    if (device === author.device || author.avoided.has(device)) continue
    if (!author.isDoubted(device)) {
      candidates.push(...history.endsOf(device))
      continue
    }
    candidates.push(...lastGood(history.branchesOf(device), author))
    const proof = proofToList(history, device, known) ?? []
    for (const order of proof) proofs.set(order, history.prevOf(order))
  }
  candidates.push(...proofs.keys())
  const heads: number[] = []
  const addNew = (orders: readonly number[]): void => {
    for (const order of orders) {
      if (!knows(order)) heads.push(order)
      known.add(order)
    }
  }
  // From the newest: what relies on another commit comes after it in the log.
  for (const order of candidates.sort((a, b) => b - a)) {
    const before = proofs.get(order)
    const isNews = !(before === undefined ? relied : known).knows(
      history.branchOf(order),
      history.seqOf(order),
    )
    if (!isNews || (before === undefined && isHeldBack(history, order, { author, relied }))) continue
    heads.push(order)
    known.add(order)
    if (before === undefined) relied.add(order)
    else if (before >= 0) relied.add(before)
  }
  for (const order of author.incoming) {
    const isCovered = heads.some((head) => history.isAtOrAfter(head, order))
    if (isCovered || author.avoided.has(history.deviceOf(order))) continue
    heads.push(order)
    known.add(order)
    relied.add(order)
  }
  for (const order of author.toKnow(knows)) {
    if (knows(order)) continue
    const good = Math.min(author.goodUpTo(order), history.seqOf(order))
    // Who lists what lies behind a fork without knowing of it would rely on it.
    const proof = good < history.seqOf(order) ? proofToList(history, history.deviceOf(order), known) : null
    for (const it of proof ?? []) proofs.set(it, history.prevOf(it))
    addNew([...(proof ?? []), order])
    if (good >= 0) relied.add(history.branchOf(order).at(good))
  }
  for (const device of author.avoided.keys()) {
    const proof = proofToList(history, device, known) ?? []
    const befores = proof.map((order) => history.prevOf(order))
    const isRelied = (it: number): boolean => it < 0 || relied.knows(history.branchOf(it), history.seqOf(it))
    if (!befores.every(isRelied)) continue
    for (const [i, order] of proof.entries()) proofs.set(order, befores[i] ?? -1)
    addNew(proof)
  }
  return { heads: withPairs(history, heads, proofs), known, relied }
}

/** The commits that prove a device's fork, where a past does not show that place yet; else null. */
function proofToList(history: History, device: number, known: PastVector): readonly number[] | null {
  const forkSeq = history.forks.get(device)
  if (forkSeq === undefined || history.forkSeqIn(known, device) <= forkSeq) return null
  return forkProof(history, history.branchesOf(device))
}

/**
 * True for a chain of which nothing is relied on yet and that stands on the word of suspended devices alone: on admissions
 * that those who suspended them did not rely on.
 */
function isHeldBack(
  history: History,
  order: number,
  { author, relied }: { author: Acknowledging; relied: PastVector },
): boolean {
  if (author.avoided.size === 0) return false
  /** By first commit. Admissions that lead around in a circle hold nothing back. */
  const found = new Map<number, boolean>()
  const isHeld = (it: number): boolean => {
    const branch = history.branchOf(it)
    const suspensions = author.avoided.get(branch.device)
    if (suspensions !== undefined) return !suspensions.some((by) => history.relies(by, it))
    const first = branch.at(0)
    const known = found.get(first)
    if (known !== undefined) return known
    found.set(first, false)
    const admissions = relied.knows(history.branchOf(first), 0) ? [] : author.admissionsOf(first)
    found.set(first, admissions.length > 0 && admissions.every(isHeld))
    return found.get(first) === true
  }
  return isHeld(order)
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
