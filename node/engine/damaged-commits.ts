import { commitMessage } from '#protocol/commit'
import type { CommitRecord } from '#protocol/commit'
import type { Replica } from '#protocol/replica'
import type { Want } from '#protocol/sync'
import type { CommitLog } from '#node/log'

/** Ranges to ask a peer for, so that damaged commits can be written anew; at most `max` commits. */
export function repairWants(commits: CommitLog, replica: Replica, max: number): Want[] {
  const { history } = replica
  const orders = commits.wanted.slice(0, max)
  const damaged = new Set(orders)
  const followed = new Set(orders.map((order) => history.prevOf(order)))
  // One range for commits that follow each other on a chain.
  return orders.flatMap((order): Want[] => {
    if (followed.has(order)) return []
    let from = history.prevOf(order)
    while (damaged.has(from)) from = history.prevOf(from)
    const device = history.keyOf(history.deviceOf(order)).slice()
    return [{ device, to: history.idOf(order).slice(), have: from < 0 ? [] : [history.idOf(from).slice()] }]
  })
}

/** Hands records of commits that are damaged here to the log; true when there were any that it lacked. */
export function mendCommits(commits: CommitLog, replica: Replica, records: readonly CommitRecord[]): boolean {
  const { history, rule } = replica
  let hasMended = false
  for (const record of records) {
    const order = history.find(record.id)
    if (order < 0 || !commits.isDamaged(order)) continue
    const { device, sections } = record.header
    const lost = sections.map((it) => it.document).filter((_, i) => record.payloads[i] === null)
    if (lost.some((document) => replica.isAlwaysSent(document))) continue
    // The id does not cover the signature: one that was good once must not be replaced by any other.
    if (replica.isSigned(order) && !rule.verify(device, commitMessage(record.id), record.signature)) continue
    if (!commits.mend(order, record.bytes)) continue
    hasMended = true
    // A peer that declines them, or was told that this device does, sends the commit without.
    for (const document of lost) replica.documents.holes.lose(document, order)
  }
  return hasMended
}
