import { compareBytes } from '../encoding/index.ts'
import type { Branch, History } from '../history/index.ts'

/**
 * Orders of the commits that a new commit after `own` (-1: a first commit) of `device` should list, the newest first:
 * all that is known here and not in the past of `own`, without what another of them covers. Of a forked device no more
 * than its fork proof: the first two commits where it parted, so that whoever relies on the new commit knows it too.
 */
export function planAcknowledgements(history: History, author: { own: number; device: number }): number[] {
  const known = history.past.copy(author.own)
  const candidates: number[] = []
  for (let device = 0; device < history.deviceCount; device += 1) {
    if (device === author.device) continue
    const branches = history.branchesOf(device)
    candidates.push(...(branches.length === 1 ? history.endsOf(device) : forkProof(history, branches)))
  }
  const isNews = (order: number): boolean => !known.knows(history.branchOf(order), history.seqOf(order))
  const plan: number[] = []
  // From the newest: what acknowledges another commit comes after it in the log.
  for (const order of candidates.filter(isNews).sort((a, b) => b - a)) {
    if (!isNews(order)) continue
    plan.push(order)
    known.add(order)
  }
  return plan
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
