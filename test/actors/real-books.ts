import { toHex } from '#protocol/encoding'
import { Evaluation } from '#protocol/evaluation'
import type { Act, Allowance } from '#protocol/evaluation'
import type { Replica } from '#protocol/replica'

/** Who holds what from the start, and what commits (hex) do for the books, while no document says either. */
export interface Ledger {
  founding: readonly Allowance[]
  acts: ReadonlyMap<string, readonly Act[]>
}

/** The books over all that a replica stores, under the seals and the line of its authority document. */
export function booksOf({ history, authority, epochs: cited }: Replica, ledger: Ledger): Evaluation {
  const { epochs } = authority
  const { founding } = ledger
  const keyOf = (device: number): string => toHex(history.keyOf(device))
  const evaluation = new Evaluation({ graph: history, keyOf, founding })
  const sealOf = (name: string): number => {
    const epoch = epochs.find(name)
    if (epoch === null || epoch.parent === null) return evaluation.findSeal('')
    const known = evaluation.findSeal(name)
    if (known >= 0) return known
    const parent = sealOf(epoch.parent.name)
    const added = evaluation.addSeal({ ...epoch.facts, id: name, parent })
    if (!added.ok) throw new Error(added.refusal)
    return added.seal
  }
  for (let order = 0; order < history.length; order += 1) {
    const name = toHex(cited.idOf(order))
    const epoch = epochs.find(name)
    const isOutdated = epoch !== null && epochs.isOutdated(epoch, (it) => history.knows(order, it))
    const acts = ledger.acts.get(toHex(history.idOf(order))) ?? []
    evaluation.append(order, sealOf(name), acts, isOutdated)
  }
  const tip = sealOf(epochs.tip.name)
  for (let device = 0; device < history.deviceCount; device += 1) {
    const [first] = history.branchesOf(device)
    for (const { commit } of authority.admissionsOf(keyOf(device)))
      for (const removal of authority.roster.removalsOf(keyOf(device), commit))
        evaluation.close(first?.at(0) ?? -1, sealOf(removal.name))
  }
  evaluation.chooseTip(tip)
  return evaluation
}
